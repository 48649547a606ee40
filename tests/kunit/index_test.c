// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index against a table of the versions in each generation.
 *
 * A world has random commits over a few keys. Each commit notes the version of every
 * key in its generation; then the test looks up every generation that readers may
 * still use.
 *
 * kunit: smp=*_reader_*
 */
#include "fault.h"

#include "model/index.c"

#include <linux/completion.h>
#include <linux/kthread.h>

#include "cidr.h"

enum {
	KEYS = 48,
	KEPT = 6,	/* generations that a reader may still be in */
	CHANGES = 8,	/* in one commit, at most */
	COMMITS = 20,	/* minimum while another processor reads */
	ROUNDS = 100,
};

struct version {
	struct list_head node;
	struct braid_life life;
	struct braid_entry entry;
	bool in;
	u64 gone;	/* first generation without it, 0 if it is not removed */
};

/**
 * struct reader - a thread that looks up keys while commits go on
 * @task: the thread, or NULL
 * @running: completed after its first round
 * @rounds: rounds over all keys
 * @wrong: results of another generation
 */
struct reader {
	struct task_struct *task;
	struct completion running;
	unsigned int rounds;
	unsigned int wrong;
};

/**
 * struct world - an index and its expected content
 * @index: the index under test
 * @rnd: random input
 * @gen: generation of the newest commit
 * @oldest: first generation that readers may still use
 * @keys: the keys of the history
 * @cidrs: networks of those keys that are prefixes
 * @versions: all allocated versions
 * @shown: version of each key in each generation, in a ring of generations
 * @reader: thread beside the test
 */
struct world {
	struct braid_index index;
	struct rnd_state rnd;
	u64 gen;
	u64 oldest;
	struct braid_key keys[KEYS];
	struct cidr cidrs[KEYS];
	struct list_head versions;
	struct version *shown[KEPT][KEYS];
	struct reader reader;
};

static struct version *version_new(struct kunit *test, const struct braid_key *key,
				   u64 born)
{
	struct world *world = test->priv;
	struct version *version = kzalloc(sizeof(*version), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, version);
	list_add(&version->node, &world->versions);
	version->entry.key = *key;
	version->entry.life = &version->life;
	braid_life_begin(&version->life, born);
	KUNIT_ASSERT_EQ(test, braid_index_insert(&world->index, &version->entry), 0);
	version->in = true;
	return version;
}

static void version_remove(struct world *world, struct version *version)
{
	braid_index_remove(&world->index, &version->entry);
	version->in = false;
}

static void version_free(struct version *version)
{
	list_del(&version->node);
	kfree(version);
}

static int world_init(struct kunit *test)
{
	struct world *world = kzalloc(sizeof(*world), GFP_KERNEL);
	int err;

	fault_at = 0;
	if (!world)
		return -ENOMEM;
	INIT_LIST_HEAD(&world->versions);
	err = braid_index_init(&world->index);
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
	struct version *version, *next;

	if (!world)
		return;
	if (!IS_ERR_OR_NULL(world->reader.task))
		kthread_stop(world->reader.task);
	list_for_each_entry_safe(version, next, &world->versions, node) {
		if (version->in)
			version_remove(world, version);
		version_free(version);
	}
	braid_index_exit(&world->index);
	kfree(world);
}

static struct braid_life *find(struct world *world, const struct braid_key *key,
			       u64 gen)
{
	struct braid_life *life;

	rcu_read_lock();
	life = braid_index_find(&world->index, key, gen);
	rcu_read_unlock();
	return life;
}

static struct braid_life *match(struct world *world, enum braid_key_kind kind,
				const struct in6_addr *addr, u64 gen)
{
	struct braid_life *life;

	rcu_read_lock();
	life = braid_index_match(&world->index, kind, addr, gen);
	rcu_read_unlock();
	return life;
}

/* Keys that often differ in one field only. */
static void random_key(struct world *world, struct braid_key *key)
{
	static const enum braid_key_kind kinds[] = {
		BRAID_KEY_IDENTITY, BRAID_KEY_ENDPOINT, BRAID_KEY_FRONTEND,
		BRAID_KEY_BACKEND, BRAID_KEY_ADDRESS,
	};
	struct rnd_state *rnd = &world->rnd;

	memset(key, 0, sizeof(*key));
	key->kind = kinds[random_below(rnd, ARRAY_SIZE(kinds))];
	key->num = random_below(rnd, 3) << 24 | random_below(rnd, 2);
	key->port = cpu_to_be16(random_below(rnd, 2) << 8 | random_below(rnd, 2));
	key->addr = braid_addr_v4(cpu_to_be32(random_below(rnd, 2)));
	key->addr.s6_addr[0] = random_below(rnd, 2);
}

static void prefix_key(struct world *world, struct cidr *cidr, struct braid_key *key)
{
	memset(key, 0, sizeof(*key));
	random_prefix(&world->rnd, cidr);
	key->kind = random_once_in(&world->rnd, 4) ? BRAID_KEY_ROUTE :
						     BRAID_KEY_PREFIX;
	key->plen = cidr->plen;
	key->addr = cidr->addr;
}

static void world_keys(struct world *world, bool prefixes)
{
	unsigned int i, j;

	for (i = 0; i < KEYS; i++) {
		do {
			if (prefixes)
				prefix_key(world, &world->cidrs[i],
					   &world->keys[i]);
			else
				random_key(world, &world->keys[i]);
			for (j = 0; j < i; j++)
				if (!memcmp(&world->keys[i], &world->keys[j],
					    sizeof(struct braid_key)))
					break;
		} while (j < i);
	}
}

static void expect_finds(struct kunit *test, u64 gen, struct version **shown)
{
	struct world *world = test->priv;
	struct braid_life *life, *want;
	unsigned int i;

	for (i = 0; i < KEYS; i++) {
		want = shown[i] ? &shown[i]->life : NULL;
		life = find(world, &world->keys[i], gen);
		KUNIT_ASSERT_PTR_EQ_MSG(test, life, want,
					"key %u at generation %llu of %llu", i,
					gen, world->gen);
	}
}

/* Return: the longest prefix of a kind that covers an address, searched in all. */
static int longest(const struct world *world, enum braid_key_kind kind,
		   const struct cidr *address, struct version **shown)
{
	int i, best = -1;

	for (i = 0; i < KEYS; i++)
		if (shown[i] && world->keys[i].kind == kind &&
		    cidr_covers(&world->cidrs[i], address) &&
		    (best < 0 || world->cidrs[i].plen > world->cidrs[best].plen))
			best = i;
	return best;
}

static void expect_matches(struct kunit *test, u64 gen, struct version **shown)
{
	struct world *world = test->priv;
	enum braid_key_kind kind;
	struct cidr address;
	struct braid_life *life;
	int i, best;

	for (i = 0; i < 16; i++) {
		random_address(&world->rnd, &address);
		kind = random_once_in(&world->rnd, 4) ? BRAID_KEY_ROUTE :
							BRAID_KEY_PREFIX;
		best = longest(world, kind, &address, shown);
		life = match(world, kind, &address.addr, gen);
		KUNIT_ASSERT_PTR_EQ_MSG(test, life,
					best < 0 ? NULL : &shown[best]->life,
					"%pI6c at generation %llu of %llu, want key %d",
					&address.addr, gen, world->gen, best);
	}
}

/* Checks that the marked lengths are exactly those of the entries in the table. */
static void expect_lengths_of(struct kunit *test, enum braid_key_kind kind,
			      const struct braid_lens *lens)
{
	struct world *world = test->priv;
	struct version *version;
	u32 count[129] = {};
	unsigned int i;

	list_for_each_entry(version, &world->versions, node)
		if (version->in && version->entry.key.kind == kind)
			count[version->entry.key.plen]++;
	for (i = 0; i <= 128; i++) {
		KUNIT_ASSERT_EQ(test, lens->count[i], count[i]);
		KUNIT_ASSERT_EQ(test, test_bit(i, lens->used), count[i] > 0);
	}
}

static void expect_lengths(struct kunit *test)
{
	struct world *world = test->priv;

	expect_lengths_of(test, BRAID_KEY_PREFIX, &world->index.prefix);
	expect_lengths_of(test, BRAID_KEY_ROUTE, &world->index.route);
}

static void expect_all(struct kunit *test)
{
	struct world *world = test->priv;
	u64 gen;

	for (gen = world->oldest; gen <= world->gen; gen++) {
		expect_finds(test, gen, world->shown[gen % KEPT]);
		expect_matches(test, gen, world->shown[gen % KEPT]);
	}
	expect_lengths(test);
}

/* The versions that the commit in progress adds and removes. */
struct staged {
	unsigned int n;
	unsigned int keys[CHANGES];
	struct version *old[CHANGES];
	struct version *new[CHANGES];
};

/* Inserts new versions and marks old ones; readers must not see a difference. */
static void stage(struct kunit *test, struct staged *staged)
{
	struct world *world = test->priv;
	struct version **shown = world->shown[world->gen % KEPT];
	unsigned int n = 1 + random_below(&world->rnd, CHANGES), key, i;

	for (staged->n = 0; staged->n < n;) {
		key = random_below(&world->rnd, KEYS);
		for (i = 0; i < staged->n && staged->keys[i] != key; i++)
			;
		if (i < staged->n)
			continue;
		staged->keys[i] = key;
		staged->old[i] = shown[key];
		staged->new[i] = NULL;
		if (!shown[key] || random_once_in(&world->rnd, 2))
			staged->new[i] = version_new(test, &world->keys[key],
						     world->gen + 1);
		if (shown[key]) {
			braid_life_end(&shown[key]->life, world->gen + 1);
			shown[key]->life.leaving = true;
		}
		staged->n++;
	}
	for (i = 0; i < n; i++)
		if (staged->new[i])
			KUNIT_ASSERT_NULL(test, braid_index_clash(&world->index,
								  &staged->new[i]->entry, NULL));
}

static void take_back(struct world *world, struct staged *staged)
{
	unsigned int i;

	for (i = 0; i < staged->n; i++) {
		if (staged->new[i]) {
			version_remove(world, staged->new[i]);
			version_free(staged->new[i]);
		}
		if (staged->old[i]) {
			braid_life_end(&staged->old[i]->life, BRAID_NEVER);
			staged->old[i]->life.leaving = false;
		}
	}
}

/* Removes versions that no generation in use has. */
static void clear(struct world *world, u64 oldest)
{
	struct version *version, *next;

	world->oldest = oldest;
	list_for_each_entry_safe(version, next, &world->versions, node) {
		if (version->gone && version->gone <= oldest) {
			version_remove(world, version);
			version_free(version);
		}
	}
}

static void flip(struct world *world, struct staged *staged)
{
	struct version **from = world->shown[world->gen % KEPT];
	struct version **to = world->shown[(world->gen + 1) % KEPT];
	unsigned int i;

	if (world->gen + 1 - world->oldest >= KEPT)
		clear(world, world->gen + 2 - KEPT);
	memcpy(to, from, sizeof(world->shown[0]));
	world->gen++;
	for (i = 0; i < staged->n; i++) {
		to[staged->keys[i]] = staged->new[i];
		if (staged->old[i])
			staged->old[i]->gone = world->gen;
	}
}

static void live(struct kunit *test, unsigned int commits)
{
	struct world *world = test->priv;
	struct staged staged;
	u64 span;

	world->gen = 1;
	world->oldest = 1;
	while (commits--) {
		stage(test, &staged);
		expect_all(test);
		if (random_once_in(&world->rnd, 4)) {
			take_back(world, &staged);
			expect_finds(test, world->gen + 1,
				     world->shown[world->gen % KEPT]);
		} else {
			flip(world, &staged);
		}
		expect_all(test);
		span = world->gen - world->oldest;
		if (span && random_once_in(&world->rnd, 4)) {
			clear(world, world->oldest + 1 + random_below(&world->rnd, span));
			expect_all(test);
		}
	}
}

static void end_of_world(struct kunit *test)
{
	struct world *world = test->priv;
	struct version *version;

	list_for_each_entry(version, &world->versions, node)
		version_remove(world, version);
	expect_lengths(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->index.table.ht.nelems), 0);
}

static void index_history_of_keys(struct kunit *test)
{
	world_keys(test->priv, false);
	live(test, 150);
	end_of_world(test);
}

static void index_history_of_prefixes(struct kunit *test)
{
	world_keys(test->priv, true);
	live(test, 150);
	end_of_world(test);
}

/* Both families from the shortest prefix on, with prefixes of the other family. */
static void index_families_do_not_mix(struct kunit *test)
{
	static const struct braid_key all_v6 = { .kind = BRAID_KEY_PREFIX };
	struct in6_addr v4 = braid_addr_v4(cpu_to_be32(0x0a000001)), v6 = {};
	struct braid_key all_v4 = { .kind = BRAID_KEY_PREFIX, .plen = 96 };
	struct world *world = test->priv;
	struct version *of_v4, *of_v6;

	v6.s6_addr[15] = 1;
	of_v6 = version_new(test, &all_v6, 1);
	KUNIT_EXPECT_PTR_EQ(test, match(world, BRAID_KEY_PREFIX, &v6, 1),
			    &of_v6->life);
	KUNIT_EXPECT_NULL(test, match(world, BRAID_KEY_PREFIX, &v4, 1));
	KUNIT_EXPECT_NULL(test, match(world, BRAID_KEY_ROUTE, &v6, 1));

	all_v4.addr = braid_addr_v4(0);
	of_v4 = version_new(test, &all_v4, 1);
	KUNIT_EXPECT_PTR_EQ(test, match(world, BRAID_KEY_PREFIX, &v6, 1),
			    &of_v6->life);
	KUNIT_EXPECT_PTR_EQ(test, match(world, BRAID_KEY_PREFIX, &v4, 1),
			    &of_v4->life);
}

/* A failed insertion leaves no length marked. */
static void index_without_memory(struct kunit *test)
{
	struct world *world = test->priv;
	struct braid_life life;
	struct braid_entry entry = { .life = &life };
	unsigned int i, round;
	int err;

	world_keys(world, true);
	braid_life_begin(&life, 1);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < KEYS; i++) {
			entry.key = world->keys[i];
			fault_at = 1;
			err = braid_index_insert(&world->index, &entry);
			fault_at = 0;
			KUNIT_ASSERT_EQ(test, err, -ENOMEM);
			expect_lengths(test);
		}
		/* The same again with each length in use. */
		for (i = 0; i < KEYS && !round; i++)
			version_new(test, &world->keys[i], 1);
	}
}

static bool same_key(const struct version *a, const struct version *b)
{
	return !memcmp(&a->entry.key, &b->entry.key, sizeof(struct braid_key));
}

static void index_clash(struct kunit *test)
{
	enum { VERSIONS = 24, FEW = 6 };
	struct world *world = test->priv;
	struct version *versions[VERSIONS];
	unsigned int round, i, j, others;
	struct braid_life *clash;
	bool named;

	world_keys(world, false);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < VERSIONS; i++) {
			versions[i] = version_new(test,
						  &world->keys[random_below(&world->rnd, FEW)],
						  1 + random_below(&world->rnd, 3));
			versions[i]->life.leaving = random_below(&world->rnd, 4);
		}
		for (i = 0; i < VERSIONS; i++) {
			clash = braid_index_clash(&world->index,
						  &versions[i]->entry, NULL);
			for (j = others = named = 0; j < VERSIONS; j++) {
				if (j == i || versions[j]->life.leaving ||
				    !same_key(versions[i], versions[j]))
					continue;
				others++;
				named |= clash == &versions[j]->life;
			}
			KUNIT_ASSERT_EQ(test, !!clash, others > 0);
			KUNIT_ASSERT_EQ(test, named, others > 0);
		}
		for (i = 0; i < VERSIONS; i++) {
			version_remove(world, versions[i]);
			version_free(versions[i]);
		}
	}
}

/* Two entries of one version never clash, even beside others with the key. */
static void index_clash_is_with_others(struct kunit *test)
{
	static const struct braid_key key = { .kind = BRAID_KEY_ROUTE, .plen = 96 };
	struct world *world = test->priv;
	struct version *one = version_new(test, &key, 1), *more, *other;

	more = version_new(test, &key, 1);
	more->entry.life = &one->life;
	KUNIT_EXPECT_NULL(test, braid_index_clash(&world->index, &one->entry, NULL));
	KUNIT_EXPECT_NULL(test, braid_index_clash(&world->index, &more->entry, NULL));
	other = version_new(test, &key, 1);
	KUNIT_EXPECT_PTR_EQ(test, braid_index_clash(&world->index, &one->entry, NULL),
			    &other->life);
	KUNIT_EXPECT_PTR_EQ(test, braid_index_clash(&world->index, &other->entry, NULL),
			    &one->life);
}

/* A growing or shrinking table loses no entry and finds no removed one. */
static void index_many_entries(struct kunit *test)
{
	enum { MANY = 2000 };
	struct world *world = test->priv;
	struct braid_key key = { .kind = BRAID_KEY_IDENTITY };
	struct version **versions;
	unsigned int i, left, pick;

	versions = kunit_kcalloc(test, MANY, sizeof(*versions), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, versions);
	for (i = 0; i < MANY; i++) {
		key.num = i;
		versions[i] = version_new(test, &key, 1);
	}
	for (i = 0; i < MANY; i++) {
		key.num = i;
		KUNIT_ASSERT_PTR_EQ(test, find(world, &key, 1), &versions[i]->life);
		key.num = MANY + i;
		KUNIT_ASSERT_NULL(test, find(world, &key, 1));
	}
	for (left = MANY; left; left--) {
		pick = random_below(&world->rnd, left);
		key = versions[pick]->entry.key;
		version_remove(world, versions[pick]);
		version_free(versions[pick]);
		KUNIT_ASSERT_NULL(test, find(world, &key, 1));
		versions[pick] = versions[left - 1];
		if (left == 1)
			break;
		pick = random_below(&world->rnd, left - 1);
		KUNIT_ASSERT_PTR_EQ(test, find(world, &versions[pick]->entry.key, 1),
				    &versions[pick]->life);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&world->index.table.ht.nelems), 0);
}

/*
 * A reader on another CPU while commits replace every key: each of its rounds
 * must see one generation and nothing else.
 */
static int reader_run(void *data)
{
	struct world *world = data;
	struct reader *reader = &world->reader;
	struct braid_life *life;
	unsigned int i;
	u64 gen;

	while (!kthread_should_stop()) {
		rcu_read_lock();
		/* Pairs with the flip: the versions of this generation are inserted. */
		gen = smp_load_acquire(&world->gen);
		for (i = 0; i < KEYS; i++) {
			life = braid_index_find(&world->index, &world->keys[i], gen);
			if (!life || life->born != gen)
				reader->wrong++;
			/* Every key is a prefix of one host, which is the longest. */
			life = braid_index_match(&world->index, world->keys[i].kind,
						 &world->keys[i].addr, gen);
			if (!life || life->born != gen)
				reader->wrong++;
		}
		rcu_read_unlock();
		if (!reader->rounds++)
			complete(&reader->running);
		cond_resched();
	}
	return 0;
}

static void replace_all(struct kunit *test, struct version **now,
			struct version **old)
{
	struct world *world = test->priv;
	unsigned int i;

	for (i = 0; i < KEYS; i++) {
		old[i] = now[i];
		now[i] = version_new(test, &world->keys[i], world->gen + 1);
		if (old[i])
			braid_life_end(&old[i]->life, world->gen + 1);
	}
	/* The flip: all versions are inserted before the generation is set. */
	smp_store_release(&world->gen, world->gen + 1);
	synchronize_rcu_expedited();
	for (i = 0; i < KEYS; i++) {
		if (!old[i])
			continue;
		version_remove(world, old[i]);
		old[i]->gone = world->gen;
	}
	/* Removed from the table, but a reader may still hold it. */
	synchronize_rcu_expedited();
	for (i = 0; i < KEYS; i++)
		if (old[i])
			version_free(old[i]);
}

static void index_reader_sees_whole_commits(struct kunit *test)
{
	struct world *world = test->priv;
	struct version *now[KEYS] = {}, *old[KEYS];
	struct reader *reader = &world->reader;
	unsigned int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs a second processor");
	world_keys(world, true);
	for (i = 0; i < KEYS; i++) {
		world->keys[i].plen = 128;
		world->keys[i].addr.s6_addr[14] = i;
	}
	replace_all(test, now, old);
	init_completion(&reader->running);
	reader->task = kthread_run(reader_run, world, "braid_reader");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, reader->task);
	wait_for_completion(&reader->running);
	while (world->gen < COMMITS || READ_ONCE(reader->rounds) < ROUNDS)
		replace_all(test, now, old);
	kthread_stop(reader->task);
	reader->task = NULL;
	KUNIT_EXPECT_EQ(test, reader->wrong, 0);
	kunit_info(test, "%u rounds of the reader, %llu commits\n", reader->rounds,
		   world->gen);
}

static struct kunit_case index_cases[] = {
	KUNIT_CASE(index_history_of_keys),
	KUNIT_CASE(index_history_of_prefixes),
	KUNIT_CASE(index_families_do_not_mix),
	KUNIT_CASE(index_without_memory),
	KUNIT_CASE(index_clash),
	KUNIT_CASE(index_clash_is_with_others),
	KUNIT_CASE(index_many_entries),
	KUNIT_CASE(index_reader_sees_whole_commits),
	{}
};

static struct kunit_suite index_suite = {
	.name = "braid_index",
	.init = world_init,
	.exit = world_exit,
	.test_cases = index_cases,
};

kunit_test_suite(index_suite);

MODULE_DESCRIPTION("KUnit: index of braid");
MODULE_LICENSE("GPL");
