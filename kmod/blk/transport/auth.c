// SPDX-License-Identifier: GPL-2.0-only
#include "transport/auth.h"

#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/string.h>

/*
 * Each MAC has a transform of its own: handshakes are rare, and a shared
 * transform would keep a key that has to be erased later.
 */
static int auth_digest(struct crypto_shash *shash, const char *label,
		       const struct braid_auth_part *part, unsigned int count,
		       u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, shash);
	unsigned int i;
	int ret;

	desc->tfm = shash;
	ret = crypto_shash_init(desc);
	if (!ret && label)
		ret = crypto_shash_update(desc, label, strlen(label) + 1);
	for (i = 0; !ret && i < count; i++)
		ret = crypto_shash_update(desc, part[i].data, part[i].size);
	if (!ret)
		ret = crypto_shash_final(desc, mac);
	shash_desc_zero(desc);
	return ret;
}

/**
 * braid_auth_mac() - compute the HMAC-SHA256 of a label and a message
 * @secret: the key
 * @length: bytes of @secret, not 0
 * @label: name of the sender's side, so that a message cannot be sent back to
 *	its sender; authenticated with its terminating NUL; or NULL
 * @part: parts of the message, each of a fixed size (otherwise two messages
 *	that are cut in different places could have the same MAC)
 * @count: number of @part
 * @mac: receives the MAC
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_auth_mac(const u8 *secret, u8 length, const char *label,
		   const struct braid_auth_part *part, unsigned int count,
		   u8 mac[BRAID_MAC_SIZE])
{
	struct crypto_shash *shash;
	int ret;

	shash = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(shash))
		return PTR_ERR(shash);
	ret = crypto_shash_setkey(shash, secret, length);
	if (!ret)
		ret = auth_digest(shash, label, part, count, mac);
	/* This erases the key as well. */
	crypto_free_shash(shash);
	return ret;
}

/**
 * braid_auth_equal() - compare two MACs in constant time
 * @a: first MAC
 * @b: second MAC
 *
 * Return: true if the MACs are equal.
 */
bool braid_auth_equal(const u8 a[BRAID_MAC_SIZE], const u8 b[BRAID_MAC_SIZE])
{
	return !crypto_memneq(a, b, BRAID_MAC_SIZE);
}

/**
 * braid_secrets_are_valid() - check number and length of secrets
 * @secrets: the secrets
 *
 * Return: true if there is a secret and every secret has a valid length.
 */
bool braid_secrets_are_valid(const struct braid_secrets *secrets)
{
	unsigned int i;

	if (!secrets->count || secrets->count > ARRAY_SIZE(secrets->secret))
		return false;
	for (i = 0; i < secrets->count; i++)
		if (secrets->length[i] < BRAID_SECRET_MIN ||
		    secrets->length[i] > BRAID_SECRET_MAX)
			return false;
	return true;
}

/**
 * braid_secrets_clear() - erase secrets from memory
 * @secrets: the secrets
 */
void braid_secrets_clear(struct braid_secrets *secrets)
{
	memzero_explicit(secrets, sizeof(*secrets));
}
