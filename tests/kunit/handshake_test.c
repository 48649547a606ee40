// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake: only a side that knows the secret gets in, and no message can
 * be changed.
 */
#include "../../kmod/blk/transport/auth.c"
#include "../../kmod/blk/transport/handshake.c"
#include "../../kmod/blk/transport/wire.c"

#include <linux/slab.h>

#include <kunit/test.h>

/*
 * The vectors of RFC 4231, and a label that differs from its bytes without the
 * NUL.
 */
struct mac_case {
	const char *name;
	const char *secret;
	u8 length;
	const char *data;
	u8 mac[BRAID_MAC_SIZE];
};

static const struct mac_case mac_cases[] = {
	{
		"case 1",
		"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 20,
		"Hi There",
		{ 0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53,
		  0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
		  0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7,
		  0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7 },
	},
	{
		"case 2",
		"Jefe", 4,
		"what do ya want for nothing?",
		{ 0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
		  0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
		  0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
		  0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43 },
	},
};

static void mac_case_desc(const struct mac_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mac_case, mac_cases, mac_case_desc);

static void mac_is_that_of_the_rfc(struct kunit *test)
{
	const struct mac_case *c = test->param_value;
	size_t size = strlen(c->data), cut;
	u8 mac[BRAID_MAC_SIZE];

	/* For every division into parts. */
	for (cut = 0; cut <= size; cut++) {
		const struct braid_auth_part part[] = {
			{ c->data, cut }, { c->data + cut, size - cut },
		};

		KUNIT_ASSERT_EQ(test, braid_auth_mac((const u8 *)c->secret,
						     c->length, NULL, part, 2,
						     mac), 0);
		KUNIT_ASSERT_TRUE(test, braid_auth_equal(mac, c->mac));
	}
	mac[31] ^= 1;
	KUNIT_EXPECT_FALSE(test, braid_auth_equal(mac, c->mac));
}

static void label_ends_where_it_ends(struct kunit *test)
{
	static const u8 secret[BRAID_SECRET_MIN] = { 1 };
	const struct braid_auth_part ab = { "b", 1 }, a = { "", 0 };
	u8 one[BRAID_MAC_SIZE], other[BRAID_MAC_SIZE];

	KUNIT_ASSERT_EQ(test, braid_auth_mac(secret, sizeof(secret), "a", &ab,
					     1, one), 0);
	KUNIT_ASSERT_EQ(test, braid_auth_mac(secret, sizeof(secret), "ab", &a,
					     1, other), 0);
	KUNIT_EXPECT_FALSE(test, braid_auth_equal(one, other));
}

static void secrets_have_a_length(struct kunit *test)
{
	struct braid_secrets secrets = { .count = 1, .length = { 32 } };

	KUNIT_EXPECT_TRUE(test, braid_secrets_are_valid(&secrets));
	secrets.length[0] = 31;
	KUNIT_EXPECT_FALSE(test, braid_secrets_are_valid(&secrets));
	secrets.length[0] = 65;
	KUNIT_EXPECT_FALSE(test, braid_secrets_are_valid(&secrets));
	secrets.length[0] = 64;
	secrets.count = 2;
	KUNIT_EXPECT_FALSE(test, braid_secrets_are_valid(&secrets));
	secrets.length[1] = 32;
	KUNIT_EXPECT_TRUE(test, braid_secrets_are_valid(&secrets));
	secrets.count = 3;
	KUNIT_EXPECT_FALSE(test, braid_secrets_are_valid(&secrets));
	secrets.count = 0;
	KUNIT_EXPECT_FALSE(test, braid_secrets_are_valid(&secrets));
	braid_secrets_clear(&secrets);
	KUNIT_EXPECT_NULL(test, memchr_inv(&secrets, 0, sizeof(secrets)));
}

/* Both sides, and their messages. */
struct play {
	struct braid_handshake writer;
	struct braid_handshake target;
	struct braid_secrets writer_secrets;
	struct braid_secrets target_secrets;
	unsigned int writer_which;
	unsigned int target_which;
	struct braid_handshake_want want;
	struct braid_handshake_want wanted;
	struct braid_handshake_got give;
	struct braid_handshake_got got;
};

static void set_secret(struct braid_secrets *secrets, unsigned int which, u8 fill)
{
	secrets->count = max_t(u8, secrets->count, which + 1);
	secrets->length[which] = BRAID_SECRET_MIN;
	memset(secrets->secret[which], fill, BRAID_SECRET_MIN);
}

static void play_init(struct play *play)
{
	memset(play, 0, sizeof(*play));
	set_secret(&play->writer_secrets, 0, 's');
	set_secret(&play->target_secrets, 0, 's');
	play->want.role = BRAID_ROLE_DATA;
	play->want.voter = 3;
	memset(&play->want.volume, 0x5a, sizeof(play->want.volume));
	strscpy(play->want.name, "disk", sizeof(play->want.name));
	play->want.epoch = (struct braid_epoch){ 7, 8 };
	play->want.session = 9;
	play->give.volume = play->want.volume;
	play->give.store = 10;
	play->give.sequence = 11;
	play->give.cookie = 12;
	play->give.voter = 3;
}

enum told { TOLD_WRITER, TOLD_TARGET };

/* Return: 0 or the first error of either side; @who is set to that side. */
static int play_through(struct play *play, enum told *who)
{
	int ret;

	braid_handshake_hello(&play->writer);
	play->target.hello = play->writer.hello;
	*who = TOLD_TARGET;
	ret = braid_handshake_take_hello(&play->target);
	if (ret)
		return ret;
	braid_handshake_challenge(&play->target);
	play->writer.challenge = play->target.challenge;
	*who = TOLD_WRITER;
	ret = braid_handshake_take_challenge(&play->writer);
	if (ret)
		return ret;
	ret = braid_handshake_proof(&play->writer, &play->writer_secrets,
				    play->writer_which, &play->want);
	if (ret)
		return ret;
	play->target.proof = play->writer.proof;
	*who = TOLD_TARGET;
	ret = braid_handshake_take_proof(&play->target, &play->target_secrets,
					 &play->target_which, &play->wanted);
	if (ret)
		return ret;
	ret = braid_handshake_welcome(&play->target, &play->target_secrets,
				      play->target_which, &play->give);
	if (ret)
		return ret;
	play->writer.welcome = play->target.welcome;
	*who = TOLD_WRITER;
	return braid_handshake_take_welcome(&play->writer, &play->writer_secrets,
					    play->writer_which, &play->got);
}

static int handshake_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct play), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	play_init(test->priv);
	return 0;
}

static void both_learn_what_the_other_says(struct kunit *test)
{
	struct play *play = test->priv;
	enum told who;

	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	KUNIT_EXPECT_EQ(test, play->wanted.role, play->want.role);
	KUNIT_EXPECT_EQ(test, play->wanted.voter, play->want.voter);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&play->wanted.volume, &play->want.volume));
	KUNIT_EXPECT_STREQ(test, play->wanted.name, play->want.name);
	KUNIT_EXPECT_EQ(test, play->wanted.epoch.counter, 7);
	KUNIT_EXPECT_EQ(test, play->wanted.epoch.node, 8);
	KUNIT_EXPECT_EQ(test, play->wanted.session, 9);
	KUNIT_EXPECT_EQ(test, play->got.status, 0);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&play->got.volume, &play->give.volume));
	KUNIT_EXPECT_EQ(test, play->got.store, 10);
	KUNIT_EXPECT_EQ(test, play->got.sequence, 11);
	KUNIT_EXPECT_EQ(test, play->got.cookie, 12);
	KUNIT_EXPECT_EQ(test, play->got.voter, 3);
}

/*
 * A message of one side cannot pass for a message of the other, whatever it
 * contains.
 */
static void each_speaks_under_its_label(struct kunit *test)
{
	struct play *play = test->priv;
	const struct braid_handshake *said = &play->writer;
	const struct braid_auth_part parts[] = {
		{ &said->hello, sizeof(said->hello) },
		{ &said->challenge, sizeof(said->challenge) },
		{ &said->proof, sizeof(said->proof) },
		{ &said->welcome, offsetof(struct braid_wire_welcome, mac) },
	};
	const struct braid_auth_part until_proof[] = {
		parts[0], parts[1],
		{ &said->proof, offsetof(struct braid_wire_proof, mac) },
	};
	const u8 *secret = play->writer_secrets.secret[0];
	u8 mac[BRAID_MAC_SIZE];
	enum told who;

	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	KUNIT_ASSERT_EQ(test, braid_auth_mac(secret, BRAID_SECRET_MIN, "braid writer",
					     until_proof, ARRAY_SIZE(until_proof), mac), 0);
	KUNIT_EXPECT_EQ(test, memcmp(mac, said->proof.mac, sizeof(mac)), 0);
	KUNIT_ASSERT_EQ(test, braid_auth_mac(secret, BRAID_SECRET_MIN, "braid target",
					     parts, ARRAY_SIZE(parts), mac), 0);
	KUNIT_EXPECT_EQ(test, memcmp(mac, said->welcome.mac, sizeof(mac)), 0);
}

/*
 * Returns the result of the rest of the handshake after the target received
 * another hello.
 */
static int go_on_from_hello(struct play *play)
{
	int ret = braid_handshake_take_hello(&play->target);

	return ret ? ret : braid_handshake_take_proof(&play->target,
						      &play->target_secrets,
						      &play->target_which,
						      &play->wanted);
}

static int go_on_from_challenge(struct play *play)
{
	int ret = braid_handshake_take_challenge(&play->writer);

	if (!ret)
		ret = braid_handshake_proof(&play->writer, &play->writer_secrets, 0,
					    &play->want);
	play->target.proof = play->writer.proof;
	return ret ? ret : braid_handshake_take_proof(&play->target,
						      &play->target_secrets,
						      &play->target_which,
						      &play->wanted);
}

static int go_on_from_proof(struct play *play)
{
	return braid_handshake_take_proof(&play->target, &play->target_secrets,
					  &play->target_which, &play->wanted);
}

static int go_on_from_welcome(struct play *play)
{
	return braid_handshake_take_welcome(&play->writer, &play->writer_secrets, 0,
					    &play->got);
}

static void turn_bits(struct kunit *test, void *message, size_t size,
		      int (*go_on)(struct play *play))
{
	struct play *play = test->priv;
	u8 *bytes = message;
	unsigned int bit;

	for (bit = 0; bit < size * 8; bit++) {
		bytes[bit / 8] ^= 1 << bit % 8;
		KUNIT_ASSERT_LT_MSG(test, go_on(play), 0, "bit %u", bit);
		bytes[bit / 8] ^= 1 << bit % 8;
	}
}

/* For every flipped bit of every message one of the two sides gives up. */
static void no_bit_can_be_turned(struct kunit *test)
{
	struct play *play = test->priv;
	struct braid_wire_proof proof;
	enum told who;

	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	KUNIT_ASSERT_EQ(test, go_on_from_hello(play), 0);
	turn_bits(test, &play->target.hello, sizeof(play->target.hello),
		  go_on_from_hello);
	KUNIT_ASSERT_EQ(test, go_on_from_proof(play), 0);
	turn_bits(test, &play->target.proof, sizeof(play->target.proof),
		  go_on_from_proof);
	KUNIT_ASSERT_EQ(test, go_on_from_welcome(play), 0);
	turn_bits(test, &play->writer.welcome, sizeof(play->writer.welcome),
		  go_on_from_welcome);
	proof = play->writer.proof;
	KUNIT_ASSERT_EQ(test, go_on_from_challenge(play), 0);
	/* The same input yields the same proof. */
	KUNIT_ASSERT_EQ(test, memcmp(&proof, &play->writer.proof, sizeof(proof)), 0);
	turn_bits(test, &play->writer.challenge, sizeof(play->writer.challenge),
		  go_on_from_challenge);
}

static void wrong_secret_is_rejected(struct kunit *test)
{
	struct play *play = test->priv;
	enum told who;

	set_secret(&play->writer_secrets, 0, 'w');
	KUNIT_ASSERT_EQ(test, play_through(play, &who), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, who, TOLD_TARGET);
	/* No request was read from the message. */
	KUNIT_EXPECT_NULL(test, memchr_inv(&play->wanted, 0, sizeof(play->wanted)));

	/* The writer learns that the secret is wrong, and nothing else. */
	braid_handshake_reject(&play->target);
	KUNIT_EXPECT_NULL(test, memchr_inv(play->target.welcome.volume, 0,
					   sizeof(struct braid_wire_welcome) -
					   offsetof(struct braid_wire_welcome, volume)));
	play->writer.welcome = play->target.welcome;
	KUNIT_EXPECT_EQ(test, braid_handshake_take_welcome(&play->writer,
							   &play->writer_secrets, 0,
							   &play->got), -EKEYREJECTED);
}

static void either_secret_opens(struct kunit *test)
{
	struct play *play = test->priv;
	enum told who;

	set_secret(&play->target_secrets, 0, 'n');
	set_secret(&play->target_secrets, 1, 's');
	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	KUNIT_EXPECT_EQ(test, play->target_which, 1);

	set_secret(&play->writer_secrets, 1, 'n');
	play->writer_which = 1;
	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	KUNIT_EXPECT_EQ(test, play->target_which, 0);
}

/*
 * The writer refuses a target without the secret, even if the target admits it.
 */
static void false_target_is_found_out(struct kunit *test)
{
	struct play *play = test->priv;
	enum told who;

	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	set_secret(&play->target_secrets, 0, 'f');
	KUNIT_ASSERT_EQ(test, braid_handshake_welcome(&play->target,
						      &play->target_secrets, 0,
						      &play->give), 0);
	play->writer.welcome = play->target.welcome;
	KUNIT_EXPECT_EQ(test, braid_handshake_take_welcome(&play->writer,
							   &play->writer_secrets, 0,
							   &play->got), -EKEYREJECTED);
}

/* A recorded message is of no use in another handshake. */
static void replay_is_refused(struct kunit *test)
{
	struct play *play = test->priv;
	struct braid_handshake *old;
	enum told who;

	old = kunit_kzalloc(test, sizeof(*old), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, old);
	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	*old = play->writer;

	/* To the target: its challenge differs each time. */
	play->target.hello = old->hello;
	braid_handshake_challenge(&play->target);
	play->target.proof = old->proof;
	KUNIT_EXPECT_EQ(test, braid_handshake_take_proof(&play->target,
							 &play->target_secrets,
							 &play->target_which,
							 &play->wanted), -EKEYREJECTED);
	/* To the writer: its hello differs each time. */
	braid_handshake_hello(&play->writer);
	play->writer.challenge = old->challenge;
	KUNIT_ASSERT_EQ(test, braid_handshake_proof(&play->writer,
						    &play->writer_secrets, 0,
						    &play->want), 0);
	play->writer.welcome = old->welcome;
	KUNIT_EXPECT_EQ(test, braid_handshake_take_welcome(&play->writer,
							   &play->writer_secrets, 0,
							   &play->got), -EKEYREJECTED);
}

static void versions_and_features_are_told(struct kunit *test)
{
	struct play *play = test->priv;

	braid_handshake_hello(&play->writer);
	play->target.hello = play->writer.hello;
	play->target.hello.version = cpu_to_le16(BRAID_WIRE_VERSION + 1);
	KUNIT_EXPECT_EQ(test, braid_handshake_take_hello(&play->target), -EPROTONOSUPPORT);

	play->target.hello = play->writer.hello;
	play->target.hello.features = 0;
	KUNIT_EXPECT_EQ(test, braid_handshake_take_hello(&play->target), -EPROTONOSUPPORT);

	/* The target does not agree to a feature that only the writer knows. */
	play->target.hello.features = cpu_to_le32(BRAID_FEATURES | BIT(31));
	KUNIT_EXPECT_EQ(test, braid_handshake_take_hello(&play->target), 0);
	braid_handshake_challenge(&play->target);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(play->target.challenge.features), BRAID_FEATURES);

	play->writer.challenge = play->target.challenge;
	play->writer.challenge.version = cpu_to_le16(BRAID_WIRE_VERSION + 1);
	KUNIT_EXPECT_EQ(test, braid_handshake_take_challenge(&play->writer),
			-EPROTONOSUPPORT);
	play->writer.challenge = play->target.challenge;
	play->writer.challenge.features = 0;
	KUNIT_EXPECT_EQ(test, braid_handshake_take_challenge(&play->writer),
			-EPROTONOSUPPORT);
}

/* Authenticated messages with invalid contents, as of a faulty writer. */
struct nonsense {
	const char *name;
	void (*make)(struct braid_wire_proof *proof);
};

static void no_such_role(struct braid_wire_proof *proof)
{
	proof->role = 3;
}

static void voter_too_high(struct braid_wire_proof *proof)
{
	proof->voter = BRAID_VOTER_ID_MAX + 1;
}

static void name_without_end(struct braid_wire_proof *proof)
{
	memset(proof->name, 'x', sizeof(proof->name));
}

static void name_too_long(struct braid_wire_proof *proof)
{
	memset(proof->name, 'x', BRAID_NAME_MAX + 1);
}

static void bytes_after_name(struct braid_wire_proof *proof)
{
	proof->name[sizeof(proof->name) - 1] = 'x';
}

static void nothing_named(struct braid_wire_proof *proof)
{
	memset(proof->name, 0, sizeof(proof->name));
	memset(proof->volume, 0, sizeof(proof->volume));
}

static void data_without_epoch(struct braid_wire_proof *proof)
{
	proof->epoch_counter = 0;
	proof->epoch_node = 0;
}

static void control_with_epoch(struct braid_wire_proof *proof)
{
	proof->role = BRAID_ROLE_CONTROL;
}

static const struct nonsense nonsenses[] = {
	{ "role", no_such_role },
	{ "voter", voter_too_high },
	{ "name without end", name_without_end },
	{ "name too long", name_too_long },
	{ "bytes after the name", bytes_after_name },
	{ "nothing named", nothing_named },
	{ "data without epoch", data_without_epoch },
	{ "control with epoch", control_with_epoch },
};

static void nonsense_desc(const struct nonsense *n, char *desc)
{
	strscpy(desc, n->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(nonsense, nonsenses, nonsense_desc);

static void genuine_nonsense_is_refused(struct kunit *test)
{
	const struct nonsense *n = test->param_value;
	struct play *play = test->priv;
	enum told who;

	KUNIT_ASSERT_EQ(test, play_through(play, &who), 0);
	n->make(&play->target.proof);
	KUNIT_ASSERT_EQ(test, mac_proof(&play->target, &play->target_secrets, 0,
					play->target.proof.mac), 0);
	KUNIT_EXPECT_EQ(test, braid_handshake_take_proof(&play->target,
							 &play->target_secrets,
							 &play->target_which,
							 &play->wanted), -EPROTO);
	KUNIT_EXPECT_NOT_NULL(test, play->target.why);
}

static void refusals_keep_their_errno(struct kunit *test)
{
	static const int errors[] = { -ENOENT, -ESTALE, -ESHUTDOWN, -EBUSY, -ENOMEM };
	struct play *play = test->priv;
	enum told who;
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		play_init(play);
		play->give.status = errors[i];
		KUNIT_EXPECT_EQ(test, play_through(play, &who), errors[i]);
		KUNIT_EXPECT_EQ(test, le64_to_cpu(play->writer.welcome.cookie), 0);
		KUNIT_EXPECT_EQ(test, le64_to_cpu(play->writer.welcome.store), 0);
	}
}

static void another_voter_or_volume_is_no_answer(struct kunit *test)
{
	struct play *play = test->priv;
	enum told who;

	play->give.voter = 4;
	KUNIT_EXPECT_EQ(test, play_through(play, &who), -EPROTO);
	play_init(play);
	play->give.volume.b[15] ^= 1;
	KUNIT_EXPECT_EQ(test, play_through(play, &who), -EPROTO);
	/*
	 * A writer that asks by name and for any voter accepts the voter that
	 * exists.
	 */
	play_init(play);
	play->want.volume = uuid_null;
	play->want.voter = 0;
	KUNIT_EXPECT_EQ(test, play_through(play, &who), 0);
	KUNIT_EXPECT_EQ(test, play->got.voter, 3);
}

static struct kunit_case handshake_cases[] = {
	KUNIT_CASE_PARAM(mac_is_that_of_the_rfc, mac_case_gen_params),
	KUNIT_CASE(label_ends_where_it_ends),
	KUNIT_CASE(secrets_have_a_length),
	KUNIT_CASE(both_learn_what_the_other_says),
	KUNIT_CASE(each_speaks_under_its_label),
	KUNIT_CASE(no_bit_can_be_turned),
	KUNIT_CASE(wrong_secret_is_rejected),
	KUNIT_CASE(either_secret_opens),
	KUNIT_CASE(false_target_is_found_out),
	KUNIT_CASE(replay_is_refused),
	KUNIT_CASE(versions_and_features_are_told),
	KUNIT_CASE_PARAM(genuine_nonsense_is_refused, nonsense_gen_params),
	KUNIT_CASE(refusals_keep_their_errno),
	KUNIT_CASE(another_voter_or_volume_is_no_answer),
	{}
};

static struct kunit_suite handshake_suite = {
	.name = "braid_handshake",
	.init = handshake_init,
	.test_cases = handshake_cases,
};

kunit_test_suite(handshake_suite);

MODULE_DESCRIPTION("braid: tests of authentication and the handshake");
MODULE_LICENSE("GPL");
