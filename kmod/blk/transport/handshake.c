// SPDX-License-Identifier: GPL-2.0-only
#include "transport/handshake.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "proto/voter.h"
#include "transport/wire.h"

static_assert(sizeof_field(struct braid_wire_hello, nonce) == BRAID_NONCE_SIZE);
static_assert(sizeof_field(struct braid_wire_proof, mac) == BRAID_MAC_SIZE);
static_assert(sizeof_field(struct braid_wire_proof, name) > BRAID_NAME_MAX);
static_assert(sizeof(uuid_t) == sizeof_field(struct braid_wire_proof, volume));

#define LABEL_WRITER	"braid writer"
#define LABEL_TARGET	"braid target"

static int handshake_refuse(struct braid_handshake *handshake, int error,
			    const char *why)
{
	handshake->why = why;
	return error;
}

static int mac_proof(const struct braid_handshake *handshake,
		     const struct braid_secrets *secrets, unsigned int which,
		     u8 *mac)
{
	const struct braid_auth_part part[] = {
		{ &handshake->hello, sizeof(handshake->hello) },
		{ &handshake->challenge, sizeof(handshake->challenge) },
		{ &handshake->proof, offsetof(struct braid_wire_proof, mac) },
	};

	return braid_auth_mac(secrets->secret[which], secrets->length[which],
			      LABEL_WRITER, part, ARRAY_SIZE(part), mac);
}

static int mac_welcome(const struct braid_handshake *handshake,
		       const struct braid_secrets *secrets, unsigned int which,
		       u8 *mac)
{
	const struct braid_auth_part part[] = {
		{ &handshake->hello, sizeof(handshake->hello) },
		{ &handshake->challenge, sizeof(handshake->challenge) },
		{ &handshake->proof, sizeof(handshake->proof) },
		{ &handshake->welcome,
		  offsetof(struct braid_wire_welcome, mac) },
	};

	return braid_auth_mac(secrets->secret[which], secrets->length[which],
			      LABEL_TARGET, part, ARRAY_SIZE(part), mac);
}

/**
 * braid_handshake_hello() - write the hello
 * @handshake: initialised by this call
 */
void braid_handshake_hello(struct braid_handshake *handshake)
{
	struct braid_wire_hello *hello = &handshake->hello;

	memset(handshake, 0, sizeof(*handshake));
	hello->magic = cpu_to_le32(BRAID_WIRE_MAGIC);
	hello->version = cpu_to_le16(BRAID_WIRE_VERSION);
	hello->length = cpu_to_le16(sizeof(*hello));
	hello->features = cpu_to_le32(BRAID_FEATURES);
	get_random_bytes(hello->nonce, sizeof(hello->nonce));
}

/**
 * braid_handshake_take_hello() - check the hello
 * @handshake: the handshake, with a hello as received
 *
 * Magic and version are in the same place in every version; nothing else is
 * read from the hello of another version.
 *
 * Return: 0, -EPROTO, or -EPROTONOSUPPORT (version, or a required feature); in
 * the last case the challenge must still be sent.
 */
int braid_handshake_take_hello(struct braid_handshake *handshake)
{
	const struct braid_wire_hello *hello = &handshake->hello;

	if (hello->magic != cpu_to_le32(BRAID_WIRE_MAGIC))
		return handshake_refuse(handshake, -EPROTO,
					"hello of another protocol");
	if (hello->version != cpu_to_le16(BRAID_WIRE_VERSION))
		return handshake_refuse(handshake, -EPROTONOSUPPORT,
					"the writer speaks another version");
	if (hello->length != cpu_to_le16(sizeof(*hello)))
		return handshake_refuse(handshake, -EPROTO, "hello of a wrong length");
	if (hello->reserved)
		return handshake_refuse(handshake, -EPROTO,
					"reserved field of the hello is not zero");
	if (!(hello->features & cpu_to_le32(BRAID_FEATURE_DIGEST)))
		return handshake_refuse(handshake, -EPROTONOSUPPORT,
					"the writer does not send digests");
	return 0;
}

/**
 * braid_handshake_challenge() - write the challenge
 * @handshake: the handshake, with a valid hello
 */
void braid_handshake_challenge(struct braid_handshake *handshake)
{
	struct braid_wire_challenge *challenge = &handshake->challenge;

	memset(challenge, 0, sizeof(*challenge));
	challenge->magic = cpu_to_le32(BRAID_WIRE_MAGIC);
	challenge->version = cpu_to_le16(BRAID_WIRE_VERSION);
	challenge->length = cpu_to_le16(sizeof(*challenge));
	challenge->features = handshake->hello.features &
			      cpu_to_le32(BRAID_FEATURES);
	get_random_bytes(challenge->nonce, sizeof(challenge->nonce));
}

/**
 * braid_handshake_take_challenge() - check the challenge
 * @handshake: the handshake, with a challenge as received
 *
 * Return: 0, -EPROTO, or -EPROTONOSUPPORT (version, or a required feature).
 */
int braid_handshake_take_challenge(struct braid_handshake *handshake)
{
	const struct braid_wire_challenge *challenge = &handshake->challenge;
	u32 features = le32_to_cpu(challenge->features);

	if (challenge->magic != cpu_to_le32(BRAID_WIRE_MAGIC))
		return handshake_refuse(handshake, -EPROTO,
					"challenge of another protocol");
	if (challenge->version != cpu_to_le16(BRAID_WIRE_VERSION))
		return handshake_refuse(handshake, -EPROTONOSUPPORT,
					"the target speaks another version");
	if (challenge->length != cpu_to_le16(sizeof(*challenge)))
		return handshake_refuse(handshake, -EPROTO, "challenge of a wrong length");
	if (challenge->reserved)
		return handshake_refuse(handshake, -EPROTO,
					"reserved field of the challenge is not zero");
	if (features & ~BRAID_FEATURES)
		return handshake_refuse(handshake, -EPROTO,
					"the target agrees to a feature that was not offered");
	if (!(features & BRAID_FEATURE_DIGEST))
		return handshake_refuse(handshake, -EPROTONOSUPPORT,
					"the target does not send digests");
	return 0;
}

/**
 * braid_handshake_proof() - write the proof
 * @handshake: the handshake, with a valid challenge
 * @secrets: the secrets
 * @which: index of the secret to use
 * @want: request of the writer
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_handshake_proof(struct braid_handshake *handshake,
			  const struct braid_secrets *secrets,
			  unsigned int which,
			  const struct braid_handshake_want *want)
{
	struct braid_wire_proof *proof = &handshake->proof;

	memset(proof, 0, sizeof(*proof));
	proof->magic = cpu_to_le32(BRAID_WIRE_MAGIC);
	proof->length = cpu_to_le16(sizeof(*proof));
	proof->role = want->role;
	proof->voter = want->voter;
	export_uuid(proof->volume, &want->volume);
	strscpy(proof->name, want->name, sizeof(proof->name));
	proof->epoch_counter = cpu_to_le64(want->epoch.counter);
	proof->epoch_node = cpu_to_le64(want->epoch.node);
	proof->session = cpu_to_le64(want->session);
	return mac_proof(handshake, secrets, which, proof->mac);
}

/*
 * Tries all secrets, even after one matched: the time must not tell which one
 * did.
 */
static int find_secret(const struct braid_handshake *handshake,
		       const struct braid_secrets *secrets, unsigned int *which)
{
	u8 mac[BRAID_MAC_SIZE];
	unsigned int i;
	int ret = -EKEYREJECTED;
	int error;

	for (i = 0; i < secrets->count; i++) {
		error = mac_proof(handshake, secrets, i, mac);
		if (error) {
			ret = error;
			break;
		}
		if (braid_auth_equal(mac, handshake->proof.mac)) {
			*which = i;
			ret = 0;
		}
	}
	memzero_explicit(mac, sizeof(mac));
	return ret;
}

static int check_proof(struct braid_handshake *handshake)
{
	const struct braid_wire_proof *proof = &handshake->proof;
	bool control = proof->role == BRAID_ROLE_CONTROL;
	size_t length = strnlen(proof->name, sizeof(proof->name));

	if (proof->magic != cpu_to_le32(BRAID_WIRE_MAGIC) ||
	    proof->length != cpu_to_le16(sizeof(*proof)))
		return handshake_refuse(handshake, -EPROTO, "a proof was expected");
	if (!control && proof->role != BRAID_ROLE_DATA)
		return handshake_refuse(handshake, -EPROTO, "unknown role");
	if (proof->voter > BRAID_VOTER_ID_MAX)
		return handshake_refuse(handshake, -EPROTO, "voter id out of range");
	if (length > BRAID_NAME_MAX ||
	    memchr_inv(proof->name + length, 0, sizeof(proof->name) - length))
		return handshake_refuse(handshake, -EPROTO, "malformed volume name");
	if (!length && !memchr_inv(proof->volume, 0, sizeof(proof->volume)))
		return handshake_refuse(handshake, -EPROTO, "no volume is named");
	if (control != !(proof->epoch_counter || proof->epoch_node))
		return handshake_refuse(handshake, -EPROTO,
					"epoch and role contradict each other");
	return 0;
}

/**
 * braid_handshake_take_proof() - authenticate the writer
 * @handshake: the handshake, with a proof as received
 * @secrets: the secrets
 * @which: set to the index of the secret that the writer used
 * @want: set to the request of the writer
 *
 * Nothing of the message is used before its MAC was verified.
 *
 * Context: Process, may sleep.
 * Return: 0, -EKEYREJECTED, -EPROTO, or the error of computing a MAC.
 */
int braid_handshake_take_proof(struct braid_handshake *handshake,
			       const struct braid_secrets *secrets,
			       unsigned int *which,
			       struct braid_handshake_want *want)
{
	const struct braid_wire_proof *proof = &handshake->proof;
	int ret;

	ret = find_secret(handshake, secrets, which);
	if (ret)
		return handshake_refuse(handshake, ret, "the writer's secret is wrong");
	ret = check_proof(handshake);
	if (ret)
		return ret;
	want->role = proof->role;
	want->voter = proof->voter;
	import_uuid(&want->volume, proof->volume);
	strscpy(want->name, proof->name, sizeof(want->name));
	want->epoch.counter = le64_to_cpu(proof->epoch_counter);
	want->epoch.node = le64_to_cpu(proof->epoch_node);
	want->session = le64_to_cpu(proof->session);
	return 0;
}

static void begin_welcome(struct braid_wire_welcome *welcome, int status)
{
	memset(welcome, 0, sizeof(*welcome));
	welcome->magic = cpu_to_le32(BRAID_WIRE_MAGIC);
	welcome->length = cpu_to_le16(sizeof(*welcome));
	welcome->status = cpu_to_le16(braid_wire_status(status));
}

/**
 * braid_handshake_welcome() - write the welcome
 * @handshake: the handshake, with a valid proof
 * @secrets: the secrets
 * @which: index of the secret that the writer used
 * @got: answer of the target
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_handshake_welcome(struct braid_handshake *handshake,
			    const struct braid_secrets *secrets,
			    unsigned int which,
			    const struct braid_handshake_got *got)
{
	struct braid_wire_welcome *welcome = &handshake->welcome;

	begin_welcome(welcome, got->status);
	if (!got->status) {
		export_uuid(welcome->volume, &got->volume);
		welcome->store = cpu_to_le64(got->store);
		welcome->sequence = cpu_to_le64(got->sequence);
		welcome->cookie = cpu_to_le64(got->cookie);
		welcome->voter = got->voter;
	}
	return mac_welcome(handshake, secrets, which, welcome->mac);
}

/**
 * braid_handshake_reject() - write the rejection of an unknown secret
 * @handshake: the handshake
 *
 * The message tells nothing else.
 */
void braid_handshake_reject(struct braid_handshake *handshake)
{
	begin_welcome(&handshake->welcome, -EKEYREJECTED);
}

static bool is_rejected(const struct braid_wire_welcome *welcome)
{
	struct braid_wire_welcome rejected;

	begin_welcome(&rejected, -EKEYREJECTED);
	return !memcmp(welcome, &rejected, sizeof(rejected));
}

/* The target is authenticated; checks that the answer fits the request. */
static int check_welcome(struct braid_handshake *handshake)
{
	const struct braid_wire_welcome *welcome = &handshake->welcome;
	const struct braid_wire_proof *proof = &handshake->proof;

	if (welcome->magic != cpu_to_le32(BRAID_WIRE_MAGIC) ||
	    welcome->length != cpu_to_le16(sizeof(*welcome)) ||
	    memchr_inv(welcome->reserved, 0, sizeof(welcome->reserved)))
		return handshake_refuse(handshake, -EPROTO, "a welcome was expected");
	if (welcome->status)
		return handshake_refuse(handshake,
					braid_wire_errno(le16_to_cpu(welcome->status)),
					"the target refuses");
	if (!welcome->voter || welcome->voter > BRAID_VOTER_ID_MAX ||
	    (proof->voter && proof->voter != welcome->voter))
		return handshake_refuse(handshake, -EPROTO,
					"the target answers for another voter");
	if (!memchr_inv(welcome->volume, 0, sizeof(welcome->volume)) ||
	    (memchr_inv(proof->volume, 0, sizeof(proof->volume)) &&
	     memcmp(proof->volume, welcome->volume, sizeof(proof->volume))))
		return handshake_refuse(handshake, -EPROTO,
					"the target answers for another volume");
	return 0;
}

/**
 * braid_handshake_take_welcome() - authenticate the target
 * @handshake: the handshake, with a welcome as received
 * @secrets: the secrets
 * @which: index of the secret that was used for the proof
 * @got: set to the answer of the target on success
 *
 * A rejected secret is reported without a MAC. An attacker on the path can
 * forge that message, but could close the connection as well.
 *
 * Context: Process, may sleep.
 * Return: 0; -EKEYREJECTED if the target rejects the secret or does not know
 * it; -EPROTO; or the refusal of the target.
 */
int braid_handshake_take_welcome(struct braid_handshake *handshake,
				 const struct braid_secrets *secrets,
				 unsigned int which,
				 struct braid_handshake_got *got)
{
	const struct braid_wire_welcome *welcome = &handshake->welcome;
	u8 mac[BRAID_MAC_SIZE];
	bool genuine;
	int ret;

	if (is_rejected(welcome))
		return handshake_refuse(handshake, -EKEYREJECTED,
					"the target refuses the secret");
	ret = mac_welcome(handshake, secrets, which, mac);
	if (ret)
		return handshake_refuse(handshake, ret, "HMAC-SHA256 cannot be computed");
	genuine = braid_auth_equal(mac, welcome->mac);
	memzero_explicit(mac, sizeof(mac));
	if (!genuine)
		return handshake_refuse(handshake, -EKEYREJECTED,
					"the target does not know the secret");
	ret = check_welcome(handshake);
	if (ret)
		return ret;
	got->status = 0;
	import_uuid(&got->volume, welcome->volume);
	got->store = le64_to_cpu(welcome->store);
	got->sequence = le64_to_cpu(welcome->sequence);
	got->cookie = le64_to_cpu(welcome->cookie);
	got->voter = welcome->voter;
	return 0;
}

/**
 * braid_handshake_clear() - erase the messages of a handshake
 * @handshake: the handshake, which must not stay in memory
 */
void braid_handshake_clear(struct braid_handshake *handshake)
{
	memzero_explicit(handshake, sizeof(*handshake));
}
