// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into the test kernel as a process: what the kernel takes for random
 * comes from SIM_SEED, so that one seed has one history.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t word = (state += 0x9e3779b97f4a7c15u);

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return word ^ (word >> 31);
}

ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
	const char *seed = getenv("SIM_SEED");
	size_t at, part;

	(void)flags;
	if (!state && seed)
		state = strtoull(seed, NULL, 10) * 2 + 1;
	for (at = 0; at < length; at += part) {
		uint64_t word = next();

		part = length - at < sizeof(word) ? length - at : sizeof(word);
		memcpy((char *)buffer + at, &word, part);
	}
	return length;
}
