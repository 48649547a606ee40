// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy against a list of rules that is searched from end to end.
 *
 * A world has random commits; after every step the test looks up every generation that
 * readers may still use.
 *
 * kunit: smp=*_reader_*
 */
#include "fault.h"

#include "model/policy.c"

#include <linux/completion.h>
#include <linux/kthread.h>

#include "rules.h"

enum {
	RULES = 40,	/* average number in a history */
	KEPT = 4,	/* generations that a reader may still be in */
	CHANGES = 6,	/* in one commit, at most */
	COMMITS = 20,	/* minimum while another processor reads */
	ROUNDS = 100,
};

/**
 * struct reader - a thread that looks up rules while commits go on
 * @task: the thread, or NULL
 * @running: completed after its first round
 * @rounds: number of lookups
 * @wrong: results of another generation
 */
struct reader {
	struct task_struct *task;
	struct completion running;
	unsigned int rounds;
	unsigned int wrong;
};

/**
 * struct world - a policy and its expected content
 * @policy: the policy under test
 * @rnd: random input
 * @gen: generation of the newest commit
 * @oldest: first generation that readers may still use
 * @rules: all rules in the policy
 * @number: number of the rule made last
 * @reader: thread beside the test
 */
struct world {
	struct braid_policy policy;
	struct rnd_state rnd;
	u64 gen;
	u64 oldest;
	struct list_head rules;
	unsigned int number;
	struct reader reader;
};

static void rule_remove(struct world *world, struct rule *rule)
{
	braid_policy_remove(&world->policy, rule->placement);
	list_del(&rule->node);
}

static void rule_free(struct rule *rule)
{
	braid_policy_free(rule->placement);
	kfree(rule);
}

static struct rule *rule_alloc(struct kunit *test)
{
	struct world *world = test->priv;
	struct rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rule);
	random_rule(&world->rnd, rule, ++world->number);
	rule->from = world->gen + 1;
	rule->until = U64_MAX;
	braid_life_begin(&rule->life, rule->from);
	return rule;
}

static void rule_insert(struct kunit *test, struct rule *rule)
{
	struct world *world = test->priv;

	rule->placement = braid_policy_insert(&world->policy, &rule->rule);
	if (IS_ERR(rule->placement)) {
		kfree(rule);
		KUNIT_FAIL_AND_ABORT(test, "a rule is refused");
	}
	list_add(&rule->node, &world->rules);
}

static int world_init(struct kunit *test)
{
	struct world *world = kzalloc(sizeof(*world), GFP_KERNEL);
	int err;

	fault_at = 0;
	if (!world)
		return -ENOMEM;
	INIT_LIST_HEAD(&world->rules);
	err = braid_policy_init(&world->policy);
	if (err) {
		kfree(world);
		return err;
	}
	test->priv = world;
	random_begin(test, &world->rnd);
	return 0;
}

static void world_exit(struct kunit *test)
{
	struct world *world = test->priv;
	struct rule *rule, *next;

	if (!world)
		return;
	fault_at = 0;
	if (!IS_ERR_OR_NULL(world->reader.task))
		kthread_stop(world->reader.task);
	list_for_each_entry_safe(rule, next, &world->rules, node) {
		rule_remove(world, rule);
		rule_free(rule);
	}
	braid_policy_exit(&world->policy);
	kfree(world);
}

static const struct braid_rule *lookup(struct world *world,
				       const struct question *question, u64 gen)
{
	const struct braid_rule *rule;

	rcu_read_lock();
	rule = braid_policy_lookup(&world->policy, &question->query, gen);
	rcu_read_unlock();
	return rule;
}

static struct rule *random_one(struct world *world)
{
	unsigned int n = list_count_nodes(&world->rules), pick;
	struct rule *rule;

	if (!n)
		return NULL;
	pick = random_below(&world->rnd, n);
	list_for_each_entry(rule, &world->rules, node)
		if (!pick--)
			return rule;
	return NULL;
}

static void expect_decision(struct kunit *test, const struct question *question,
			    u64 gen)
{
	struct world *world = test->priv;
	const struct rule *want = rules_decide(&world->rules, question, gen);
	const struct braid_rule *rule = lookup(world, question, gen);

	KUNIT_ASSERT_PTR_EQ_MSG(test, rule, want ? &want->rule : NULL,
				"%s, not %s, for subject %u direction %u peer %u %pI6c protocol %u port %u at generation %llu of %llu",
				rule ? rule->name : "none",
				want ? want->name : "none",
				question->query.subject, question->query.dir,
				question->query.peer, question->query.addr,
				question->query.proto, question->query.port, gen,
				world->gen);
}

static void expect_decisions(struct kunit *test, u64 gen, unsigned int n)
{
	struct world *world = test->priv;
	struct question question;
	u32 subject;
	bool selected;
	u8 dir;

	while (n--) {
		random_question(&world->rnd, &question, random_one(world));
		expect_decision(test, &question, gen);
	}
	for (subject = 0; subject < SUBJECTS; subject++) {
		for (dir = 0; dir < 2; dir++) {
			rcu_read_lock();
			selected = braid_policy_selected(&world->policy, subject,
							 dir, gen);
			rcu_read_unlock();
			KUNIT_ASSERT_EQ(test, selected,
					rules_select(&world->rules, subject, dir,
						     gen));
		}
	}
}

/* Checks that the shapes of a subject count the cells of its rules. */
static void expect_shapes(struct kunit *test, const struct braid_subject *subject,
			  unsigned int spots)
{
	const struct braid_shapes *shapes = rcu_access_pointer(subject->shapes);
	unsigned int i, j, count = 0;

	for (i = 0; i < shapes->len; i++) {
		const struct braid_shape *shape = &shapes->at[i];

		KUNIT_ASSERT_EQ(test, !shape->shape, !shape->count);
		for (j = 0; shape->shape && j < i; j++)
			KUNIT_ASSERT_NE(test, shapes->at[j].shape, shape->shape);
		count += shape->count;
	}
	KUNIT_ASSERT_EQ(test, count, spots);
}

/* Checks that the tables have exactly the cells and subjects of the rules. */
static void expect_tables(struct kunit *test)
{
	struct world *world = test->priv;
	unsigned int i, cells = 0, subjects = 0, spots;
	const struct braid_subject *subject;
	const struct rule *rule;
	u32 id;

	list_for_each_entry(rule, &world->rules, node)
		for (i = 0; i < rule->placement->len; i++)
			cells += rule->placement->spots[i].cell->spots.next ==
				 &rule->placement->spots[i].node;
	KUNIT_ASSERT_EQ(test, atomic_read(&world->policy.cells.nelems), cells);

	for (id = 0; id < 2 * SUBJECTS; id++) {
		spots = 0;
		subject = NULL;
		list_for_each_entry(rule, &world->rules, node) {
			if (!rule_is_for(rule, id / 2, id % 2))
				continue;
			spots += rule->placement->len;
			subject = rule->placement->subject;
		}
		if (!subject)
			continue;
		subjects++;
		expect_shapes(test, subject, spots);
	}
	KUNIT_ASSERT_EQ(test, atomic_read(&world->policy.subjects.nelems), subjects);
}

static void expect_all(struct kunit *test)
{
	struct world *world = test->priv;
	u64 gen;

	for (gen = world->oldest; gen <= world->gen; gen++)
		expect_decisions(test, gen, 6);
	expect_tables(test);
}

/* The rules that the commit in progress adds and removes. */
struct staged {
	unsigned int n;
	struct rule *old[CHANGES];
	struct rule *new[CHANGES];
};

/* Return: a rule of the newest generation to remove, or NULL to only add. */
static struct rule *random_leaver(struct world *world)
{
	struct rule *rule = random_one(world);

	if (!rule || rule->life.leaving || !rule_shown(rule, world->gen))
		return NULL;
	if (list_count_nodes(&world->rules) < RULES && random_once_in(&world->rnd, 2))
		return NULL;
	return rule;
}

static void stage(struct kunit *test, struct staged *staged)
{
	struct world *world = test->priv;
	struct rule *old, *new;

	staged->n = 0;
	while (staged->n < CHANGES && !random_once_in(&world->rnd, CHANGES)) {
		old = random_leaver(world);
		new = NULL;
		if (!old || random_once_in(&world->rnd, 2)) {
			new = rule_alloc(test);
			/* A changed rule keeps its name. */
			if (old)
				memcpy(new->name, old->name, sizeof(new->name));
			rule_insert(test, new);
		}
		if (old) {
			braid_life_end(&old->life, world->gen + 1);
			old->life.leaving = true;
		}
		staged->old[staged->n] = old;
		staged->new[staged->n++] = new;
	}
}

static void take_back(struct world *world, struct staged *staged)
{
	unsigned int i;

	for (i = 0; i < staged->n; i++) {
		if (staged->new[i]) {
			rule_remove(world, staged->new[i]);
			rule_free(staged->new[i]);
		}
		if (staged->old[i]) {
			braid_life_end(&staged->old[i]->life, BRAID_NEVER);
			staged->old[i]->life.leaving = false;
		}
	}
}

/* Removes rules that no generation in use has. */
static void clear(struct world *world, u64 oldest)
{
	struct rule *rule, *next;

	world->oldest = oldest;
	list_for_each_entry_safe(rule, next, &world->rules, node) {
		if (rule->until <= oldest) {
			rule_remove(world, rule);
			rule_free(rule);
		}
	}
}

static void flip(struct world *world, struct staged *staged)
{
	unsigned int i;

	world->gen++;
	for (i = 0; i < staged->n; i++)
		if (staged->old[i])
			staged->old[i]->until = world->gen;
	if (world->gen - world->oldest >= KEPT)
		clear(world, world->gen + 1 - KEPT);
}

static void policy_history(struct kunit *test)
{
	struct world *world = test->priv;
	unsigned int commits = 100;
	struct staged staged;

	while (commits--) {
		stage(test, &staged);
		expect_all(test);
		if (random_once_in(&world->rnd, 4))
			take_back(world, &staged);
		else
			flip(world, &staged);
		expect_all(test);
		if (random_once_in(&world->rnd, 4))
			clear(world, world->gen);
	}
	while (!list_empty(&world->rules)) {
		struct rule *rule = random_one(world);

		rule_remove(world, rule);
		rule_free(rule);
		expect_all(test);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&world->policy.cells.nelems), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->policy.subjects.nelems), 0);
}

/* Adds a rule for any port and protocol of a CIDR. */
static struct rule *cidr_rule(struct kunit *test, const struct cidr *cidr, bool deny)
{
	struct rule *rule = rule_alloc(test);

	rule->rule.subject = 0;
	rule->rule.dir = 0;
	rule->rule.proto = 0;
	rule->rule.ranged = false;
	rule->rule.deny = deny;
	rule->rule.peer_kind = BRAID_PEER_CIDR;
	rule->rule.npeers = 1;
	rule->cidrs[0] = *cidr;
	rule->peers[0] = (struct braid_rule_peer){
		.addr = cidr->addr, .plen = cidr->plen,
	};
	rule_insert(test, rule);
	return rule;
}

/* A prefix of all addresses of one family matches no address of the other. */
static void policy_families_do_not_mix(struct kunit *test)
{
	static const u8 lengths[] = { 0, 1, 64, 80 };
	struct cidr all_v4 = { .v4 = true, .plen = 96 }, all_v6 = {};
	struct question question = { .query.proto = 6 };
	struct world *world = test->priv;
	struct rule *of_v4, *of_v6;
	unsigned int i;

	cidr_set(&all_v4.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0");
	question.query.addr = &question.address.addr;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		all_v6.plen = lengths[i];
		of_v6 = cidr_rule(test, &all_v6, true);
		cidr_set(&question.address.addr, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01");
		KUNIT_EXPECT_PTR_EQ(test, lookup(world, &question, 1), &of_v6->rule);
		cidr_set(&question.address.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01");
		KUNIT_EXPECT_NULL_MSG(test, lookup(world, &question, 1),
				      "an IPv4 address in ::/%u", lengths[i]);
		of_v4 = cidr_rule(test, &all_v4, false);
		KUNIT_EXPECT_PTR_EQ(test, lookup(world, &question, 1), &of_v4->rule);
		rule_remove(world, of_v6);
		rule_free(of_v6);
		rule_remove(world, of_v4);
		rule_free(of_v4);
	}
}

static void policy_many_rules_in_one_cell(struct kunit *test)
{
	struct world *world = test->priv;
	struct question question = {
		.query = { .proto = 6, .port = 80 },
	};
	struct rule *rule;
	unsigned int i;

	question.query.addr = &question.address.addr;
	for (i = 0; i < 120; i++) {
		rule = rule_alloc(test);
		rule->rule.subject = 0;
		rule->rule.dir = 0;
		rule->rule.proto = 6;
		rule->rule.ranged = true;
		rule->rule.min = 80;
		rule->rule.max = 80;
		rule->rule.peer_kind = BRAID_PEER_ANY;
		rule->rule.npeers = 1;
		memset(rule->peers, 0, sizeof(rule->peers));
		rule_insert(test, rule);
		expect_decision(test, &question, 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&world->policy.cells.nelems), 1);
	for (; i; i--) {
		/* In half of the cases the rule that decides. */
		rule = random_one(world);
		if (random_once_in(&world->rnd, 2))
			rule = (struct rule *)rules_decide(&world->rules, &question, 1);
		rule_remove(world, rule);
		rule_free(rule);
		expect_decision(test, &question, 1);
	}
	expect_tables(test);
}

/* Adding and removing shapes does not make their list grow. */
static void policy_places_are_used_again(struct kunit *test)
{
	struct cidr anchor = { .v4 = true, .plen = 96 }, cidr = {};
	struct world *world = test->priv;
	const struct braid_subject *subject;
	unsigned int i, len;
	struct rule *rule;

	cidr_set(&anchor.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0");
	subject = cidr_rule(test, &anchor, false)->placement->subject;
	len = rcu_access_pointer(subject->shapes)->len;
	for (i = 0; i < 50; i++) {
		cidr.plen = i;
		rule = cidr_rule(test, &cidr, false);
		expect_tables(test);
		rule_remove(world, rule);
		rule_free(rule);
	}
	KUNIT_EXPECT_EQ(test, rcu_access_pointer(subject->shapes)->len, len);
}

/* Checks that the blocks of a range are aligned and cover it without gaps. */
static void expect_blocks(struct kunit *test, const struct braid_placement *placement,
			  u32 min, u32 max)
{
	unsigned int i;
	u32 at = min;

	KUNIT_ASSERT_LE(test, placement->len, 30);
	KUNIT_ASSERT_EQ(test, placement->len, policy_rule_blocks(placement->rule));
	for (i = 0; i < placement->len; i++) {
		const struct braid_cell_key *key = &placement->spots[i].cell->key;
		u32 size;

		KUNIT_ASSERT_LE(test, key->portlen, 16);
		size = 1 << (16 - key->portlen);
		KUNIT_ASSERT_EQ(test, key->port, at);
		KUNIT_ASSERT_EQ(test, at % size, 0);
		at += size;
	}
	KUNIT_ASSERT_EQ(test, at, max + 1);
}

static void policy_blocks_of_ports(struct kunit *test)
{
	static const struct { u16 min, max; unsigned int blocks; } known[] = {
		{ 0, 65535, 1 }, { 1, 65535, 16 }, { 0, 65534, 16 },
		{ 1, 65534, 30 }, { 0, 0, 1 }, { 65535, 65535, 1 },
		{ 80, 80, 1 }, { 80, 81, 1 }, { 81, 82, 2 }, { 0, 32767, 1 },
		{ 32768, 65535, 1 }, { 32767, 32768, 2 }, { 1024, 65535, 6 },
	};
	struct world *world = test->priv;
	struct rule *rule;
	unsigned int i;

	for (i = 0; i < 80; i++) {
		rule = rule_alloc(test);
		rule->rule.ranged = true;
		rule->rule.npeers = 1;
		if (i < ARRAY_SIZE(known)) {
			rule->rule.min = known[i].min;
			rule->rule.max = known[i].max;
		} else {
			u16 a = random_size(&world->rnd), b = random_size(&world->rnd);

			rule->rule.min = min(a, b);
			rule->rule.max = max(a, b);
		}
		rule_insert(test, rule);
		expect_blocks(test, rule->placement, rule->rule.min, rule->rule.max);
		if (i < ARRAY_SIZE(known))
			KUNIT_EXPECT_EQ(test, rule->placement->len, known[i].blocks);
		rule_remove(world, rule);
		rule_free(rule);
	}
}

static bool beats(const struct rule *rules, const unsigned int *peers,
		  unsigned int a, unsigned int b)
{
	return policy_rule_beats(&rules[a].rule, &rules[a].peers[peers[a]],
				 &rules[b].rule, &rules[b].peers[peers[b]]);
}

/* For any three rules the order is total and transitive. */
static void policy_order_is_strict(struct kunit *test)
{
	struct world *world = test->priv;
	struct rule *rules;
	struct rank ranks[3];
	unsigned int i, j, peers[3];
	int round;

	rules = kunit_kcalloc(test, 3, sizeof(*rules), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rules);
	for (round = 0; round < 5000; round++) {
		memset(rules, 0, 3 * sizeof(*rules));
		for (i = 0; i < 3; i++) {
			random_rule(&world->rnd, &rules[i],
				    3 * random_below(&world->rnd, 5) + i);
			peers[i] = random_below(&world->rnd, rules[i].rule.npeers);
			ranks[i] = rule_rank(&rules[i], peers[i]);
		}
		/* Similar rules, so that the last criteria are reached. */
		for (i = 1; i < 3 && random_below(&world->rnd, 4); i++) {
			rules[i].rule.priority = rules[0].rule.priority;
			rules[i].rule.deny = rules[0].rule.deny;
			if (random_below(&world->rnd, 2)) {
				rules[i].rule.proto = rules[0].rule.proto;
				rules[i].rule.ranged = rules[0].rule.ranged;
				rules[i].rule.min = rules[0].rule.min;
				rules[i].rule.max = rules[0].rule.max;
			}
			ranks[i] = rule_rank(&rules[i], peers[i]);
		}
		for (i = 0; i < 3; i++)
			for (j = 0; j < 3; j++)
				KUNIT_ASSERT_EQ(test, beats(rules, peers, i, j),
						rank_beats(&ranks[i], &ranks[j]));
		for (i = 0; i < 3; i++) {
			j = (i + 1) % 3;
			KUNIT_ASSERT_FALSE(test, beats(rules, peers, i, i));
			KUNIT_ASSERT_NE(test, beats(rules, peers, i, j),
					beats(rules, peers, j, i));
		}
		KUNIT_ASSERT_FALSE(test, beats(rules, peers, 0, 1) &&
				   beats(rules, peers, 1, 2) &&
				   beats(rules, peers, 2, 0));
	}
}

/* Each allocation fails in turn: the rule is not inserted, all others remain. */
static void policy_without_memory(struct kunit *test)
{
	struct world *world = test->priv;
	struct braid_placement *placement;
	unsigned int round, at, failed = 0;
	struct rule *rule;

	for (round = 0; round < 5; round++) {
		rule = rule_alloc(test);
		for (at = 1;; at++) {
			fault_at = at;
			placement = braid_policy_insert(&world->policy, &rule->rule);
			if (!IS_ERR(placement))
				break;
			if (placement != ERR_PTR(-ENOMEM) || fault_at) {
				kfree(rule);
				KUNIT_FAIL_AND_ABORT(test, "error %ld, fault %u",
						     PTR_ERR(placement), fault_at);
			}
			failed++;
			expect_tables(test);
			expect_decisions(test, 1, 4);
		}
		fault_at = 0;
		rule->placement = placement;
		list_add(&rule->node, &world->rules);
		expect_tables(test);
		expect_decisions(test, 1, 8);
	}
	KUNIT_EXPECT_GT(test, failed, 4 * round);
}

/* A subject with rules in every other generation, which is added and removed whole. */
static bool has_rules(u32 subject, u64 gen)
{
	return subject || gen % 2;
}

static int reader_run(void *data)
{
	struct world *world = data;
	struct reader *reader = &world->reader;
	const struct braid_rule *rule;
	struct question question;
	struct rnd_state rnd;
	bool shown;
	u64 gen;

	prandom_seed_state(&rnd, seed + 1);
	while (!kthread_should_stop()) {
		rcu_read_lock();
		/* Pairs with the flip: the rules of this generation are inserted. */
		gen = smp_load_acquire(&world->gen);
		random_question(&rnd, &question, NULL);
		if (random_once_in(&rnd, 2))
			question.query.subject = 0;
		shown = has_rules(question.query.subject, gen);
		rule = braid_policy_lookup(&world->policy, &question.query, gen);
		if (shown != !!rule || (rule && rule->life->born != gen))
			reader->wrong++;
		if (shown != braid_policy_selected(&world->policy,
						   question.query.subject,
						   question.query.dir, gen))
			reader->wrong++;
		rcu_read_unlock();
		if (!reader->rounds++)
			complete(&reader->running);
		cond_resched();
	}
	return 0;
}

/* Does what a commit does: insert, flip, wait for a grace period, remove. */
static void replace_all(struct kunit *test)
{
	struct world *world = test->priv;
	struct rule *rule, *next;
	LIST_HEAD(removed);
	unsigned int i;

	list_for_each_entry(rule, &world->rules, node) {
		braid_life_end(&rule->life, world->gen + 1);
		rule->until = world->gen + 1;
	}
	for (i = 0; i < 2 * SUBJECTS + 10; i++) {
		rule = rule_alloc(test);
		/* A rule decides about every query. */
		if (i < 2 * SUBJECTS) {
			rule->rule.subject = i / 2;
			rule->rule.dir = i % 2;
			rule->rule.proto = 0;
			rule->rule.ranged = false;
			rule->rule.peer_kind = BRAID_PEER_ANY;
			rule->rule.npeers = 1;
			memset(rule->peers, 0, sizeof(rule->peers));
		}
		if (has_rules(rule->rule.subject, world->gen + 1))
			rule_insert(test, rule);
		else
			kfree(rule);
	}
	/* The flip: all rules are inserted before the generation is set. */
	smp_store_release(&world->gen, world->gen + 1);
	synchronize_rcu_expedited();
	list_for_each_entry_safe(rule, next, &world->rules, node) {
		if (rule->until > world->gen)
			continue;
		rule_remove(world, rule);
		list_add(&rule->node, &removed);
	}
	/* Removed from the policy, but a reader may still hold it. */
	synchronize_rcu_expedited();
	list_for_each_entry_safe(rule, next, &removed, node)
		rule_free(rule);
}

/*
 * A reader on another CPU while commits replace every rule: each of its answers
 * must be of the generation that it reads.
 */
static void policy_reader_sees_whole_commits(struct kunit *test)
{
	struct world *world = test->priv;
	struct reader *reader = &world->reader;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs a second processor");
	replace_all(test);
	init_completion(&reader->running);
	reader->task = kthread_run(reader_run, world, "braid_reader");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, reader->task);
	wait_for_completion(&reader->running);
	while (world->gen < COMMITS || READ_ONCE(reader->rounds) < ROUNDS)
		replace_all(test);
	kthread_stop(reader->task);
	reader->task = NULL;
	KUNIT_EXPECT_EQ(test, reader->wrong, 0);
	kunit_info(test, "%u rounds of the reader, %llu commits\n", reader->rounds,
		   world->gen);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(policy_history),
	KUNIT_CASE(policy_families_do_not_mix),
	KUNIT_CASE(policy_many_rules_in_one_cell),
	KUNIT_CASE(policy_places_are_used_again),
	KUNIT_CASE(policy_blocks_of_ports),
	KUNIT_CASE(policy_order_is_strict),
	KUNIT_CASE(policy_without_memory),
	KUNIT_CASE(policy_reader_sees_whole_commits),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "braid_policy",
	.init = world_init,
	.exit = world_exit,
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);

MODULE_DESCRIPTION("KUnit: policy of braid");
MODULE_LICENSE("GPL");
