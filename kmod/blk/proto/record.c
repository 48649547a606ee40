// SPDX-License-Identifier: GPL-2.0-only
#include "proto/record.h"

#include <linux/build_bug.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "proto/map.h"

#define RECORD_MAGIC	0x0064726f63657262ULL	/* "brecord" */
#define RECORD_FORMAT	1

struct disk_epoch {
	__le64 counter;
	__le64 node;
} __packed;

struct disk_mver {
	struct disk_epoch epoch;
	__le32 k;
	__le32 zero;
} __packed;

struct disk_voter {
	__u8 id;
	__u8 witness;
	__le16 port;
	__u8 family;		/* 4 or 6 */
	__u8 zero[3];
	__u8 ip[16];
} __packed;

struct disk_voters {
	__u8 count;
	__u8 zero[7];
	struct disk_voter voter[BRAID_VOTERS_MAX];
} __packed;

/* One slot. Unused bytes are zero, and the decoder checks that they are. */
struct disk_record {
	__le64 magic;
	__le32 format;
	__le32 crc;		/* crc32c of the slot with this field zero */
	__le64 sequence;
	__u8 volume[16];
	__le64 map_id;
	__le64 incarnation;
	__le64 data_at;
	char name[BRAID_NAME_MAX + 8];
	char holder[BRAID_HOLDER_MAX + 8];
	__u8 voter;
	__u8 own;
	__u8 region_shift;
	__u8 zero;
	__le32 flags;
	__le32 lease_ms;
	__le32 list_version;
	__le64 size;
	struct disk_voters voters;
	struct disk_voters next;
	struct disk_epoch promised;
	struct disk_mver mver;
	struct disk_mver joining;
	__le64 isr;
	__le32 generation;
	__le32 last_insync_gen;
	__le64 known[BRAID_VOTERS_MAX];
	__le64 stores[BRAID_VOTERS_MAX];
} __packed;

static_assert(BRAID_SLOT_SIZE == BRAID_BLOCK);
static_assert(sizeof(struct disk_voter) == 24);
static_assert(sizeof(struct disk_record) <= BRAID_SLOT_SIZE);

static void encode_epoch(struct disk_epoch *out, const struct braid_epoch *in)
{
	out->counter = cpu_to_le64(in->counter);
	out->node = cpu_to_le64(in->node);
}

static void decode_epoch(struct braid_epoch *out, const struct disk_epoch *in)
{
	out->counter = le64_to_cpu(in->counter);
	out->node = le64_to_cpu(in->node);
}

static void encode_mver(struct disk_mver *out, const struct braid_mver *in)
{
	encode_epoch(&out->epoch, &in->epoch);
	out->k = cpu_to_le32(in->k);
}

static void decode_mver(struct braid_mver *out, const struct disk_mver *in)
{
	decode_epoch(&out->epoch, &in->epoch);
	out->k = le32_to_cpu(in->k);
}

static void encode_voters(struct disk_voters *out,
			  const struct braid_voters *in)
{
	int i;

	out->count = in->count;
	for (i = 0; i < in->count; i++) {
		const struct braid_voter *voter = &in->voter[i];
		struct disk_voter *to = &out->voter[i];

		to->id = voter->id;
		to->witness = voter->witness;
		to->port = cpu_to_le16(voter->address.port);
		to->family = voter->address.family == AF_INET6 ? 6 : 4;
		memcpy(to->ip, voter->address.ip, sizeof(to->ip));
	}
}

static const char *decode_voter(struct braid_voter *out,
				const struct disk_voter *in)
{
	if (!in->id || in->id > BRAID_VOTER_ID_MAX)
		return "voter id out of range";
	if (in->witness > 1 || memchr_inv(in->zero, 0, sizeof(in->zero)))
		return "voter malformed";
	if (in->family != 4 && in->family != 6)
		return "voter address of unknown family";
	if (in->family == 4 && memchr_inv(in->ip + 4, 0, 12))
		return "voter address malformed";
	out->id = in->id;
	out->witness = in->witness;
	out->address.family = in->family == 6 ? AF_INET6 : AF_INET;
	out->address.port = le16_to_cpu(in->port);
	memcpy(out->address.ip, in->ip, sizeof(in->ip));
	return NULL;
}

static const char *decode_voters(struct braid_voters *out,
				 const struct disk_voters *in)
{
	const char *wrong;
	int i;

	if (in->count > BRAID_VOTERS_MAX)
		return "too many voters";
	if (memchr_inv(in->zero, 0, sizeof(in->zero)) ||
	    memchr_inv(&in->voter[in->count], 0,
		       (BRAID_VOTERS_MAX - in->count) * sizeof(in->voter[0])))
		return "voters malformed";
	memset(out, 0, sizeof(*out));
	for (i = 0; i < in->count; i++) {
		if (braid_voters_find(out, in->voter[i].id))
			return "voter id twice";
		wrong = decode_voter(&out->voter[i], &in->voter[i]);
		if (wrong)
			return wrong;
		out->count++;
	}
	if (out->count && !braid_voters_data(out))
		return "voters without a data replica";
	return NULL;
}

/**
 * braid_record_encode() - write a record in its form on disk and on the wire
 * @record: a valid record
 * @slot: buffer of BRAID_SLOT_SIZE bytes, completely overwritten
 */
void braid_record_encode(const struct braid_record *record, void *slot)
{
	struct disk_record *disk = slot;
	int i;

	memset(slot, 0, BRAID_SLOT_SIZE);
	disk->magic = cpu_to_le64(RECORD_MAGIC);
	disk->format = cpu_to_le32(RECORD_FORMAT);
	disk->sequence = cpu_to_le64(record->sequence);
	export_uuid(disk->volume, &record->volume);
	disk->map_id = cpu_to_le64(record->map_id);
	disk->incarnation = cpu_to_le64(record->incarnation);
	disk->data_at = cpu_to_le64(record->data_at);
	memcpy(disk->name, record->name, strnlen(record->name, BRAID_NAME_MAX));
	memcpy(disk->holder, record->holder,
	       strnlen(record->holder, BRAID_HOLDER_MAX));
	disk->voter = record->voter;
	disk->own = record->own;
	disk->region_shift = record->region_shift;
	disk->flags = cpu_to_le32(record->flags);
	disk->lease_ms = cpu_to_le32(record->lease_ms);
	disk->list_version = cpu_to_le32(record->list_version);
	disk->size = cpu_to_le64(record->size);
	encode_voters(&disk->voters, &record->voters);
	encode_voters(&disk->next, &record->next);
	encode_epoch(&disk->promised, &record->promised);
	encode_mver(&disk->mver, &record->mver);
	encode_mver(&disk->joining, &record->joining);
	disk->isr = cpu_to_le64(record->isr);
	disk->generation = cpu_to_le32(record->generation);
	disk->last_insync_gen = cpu_to_le32(record->last_insync_gen);
	for (i = 0; i < BRAID_VOTERS_MAX; i++) {
		disk->known[i] = cpu_to_le64(record->known[i]);
		disk->stores[i] = cpu_to_le64(record->stores[i]);
	}
	disk->crc = cpu_to_le32(crc32c(~0, slot, BRAID_SLOT_SIZE));
}

/*
 * Returns the crc32c of a slot as if its crc field were zero, without copying
 * the slot.
 */
static u32 slot_crc(const void *slot)
{
	const size_t at = offsetof(struct disk_record, crc);
	const __le32 zero = 0;
	u32 crc;

	crc = crc32c(~0, slot, at);
	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, slot + at + sizeof(zero),
		      BRAID_SLOT_SIZE - at - sizeof(zero));
}

static const char *decode_text(char *out, const char *in, size_t max,
			       size_t size)
{
	size_t length = strnlen(in, size);
	size_t i;

	if (length > max || memchr_inv(in + length, 0, size - length))
		return "text malformed";
	for (i = 0; i < length; i++)
		if (in[i] <= ' ' || in[i] == 0x7f || in[i] == '/')
			return "text with an invalid character";
	memcpy(out, in, length);
	out[length] = '\0';
	return NULL;
}

/*
 * Checks the relations between fields, which a valid checksum does not prove.
 */
static const char *check_sense(const struct braid_record *record)
{
	if (uuid_is_null(&record->volume))
		return "volume UUID is nil";
	if (!record->name[0])
		return "volume name is empty";
	if (!record->voter || record->voter > BRAID_VOTER_ID_MAX)
		return "voter id out of range";
	if (record->flags & ~BRAID_RECORD_FLAGS)
		return "unknown flags";
	if (record->generation > BRAID_GENERATION_MAX ||
	    record->last_insync_gen > record->generation)
		return "generation out of range";
	if (record->isr & ~(braid_voters_data(&record->voters) |
			    braid_voters_data(&record->next)))
		return "ISR names no data replica";
	if (record->voters.count && !record->isr)
		return "ISR is empty";
	if (record->next.count && !record->voters.count)
		return "new voters without old ones";
	if (record->lease_ms < 1000 || record->lease_ms > 600000)
		return "lease out of range";
	return NULL;
}

static const char *decode_fields(struct braid_record *record,
				 const struct disk_record *disk)
{
	const char *wrong;
	int i;

	record->sequence = le64_to_cpu(disk->sequence);
	import_uuid(&record->volume, disk->volume);
	record->map_id = le64_to_cpu(disk->map_id);
	record->incarnation = le64_to_cpu(disk->incarnation);
	record->data_at = le64_to_cpu(disk->data_at);
	wrong = decode_text(record->name, disk->name, BRAID_NAME_MAX,
			    sizeof(disk->name));
	if (!wrong)
		wrong = decode_text(record->holder, disk->holder,
				    BRAID_HOLDER_MAX, sizeof(disk->holder));
	if (wrong)
		return wrong;
	record->voter = disk->voter;
	if (disk->own > BRAID_OWN_INSYNC || disk->zero)
		return "own state unknown";
	record->own = disk->own;
	record->region_shift = disk->region_shift;
	record->flags = le32_to_cpu(disk->flags);
	record->lease_ms = le32_to_cpu(disk->lease_ms);
	record->list_version = le32_to_cpu(disk->list_version);
	record->size = le64_to_cpu(disk->size);
	wrong = decode_voters(&record->voters, &disk->voters);
	if (!wrong)
		wrong = decode_voters(&record->next, &disk->next);
	if (wrong)
		return wrong;
	decode_epoch(&record->promised, &disk->promised);
	decode_mver(&record->mver, &disk->mver);
	decode_mver(&record->joining, &disk->joining);
	record->isr = le64_to_cpu(disk->isr);
	record->generation = le32_to_cpu(disk->generation);
	record->last_insync_gen = le32_to_cpu(disk->last_insync_gen);
	for (i = 0; i < BRAID_VOTERS_MAX; i++) {
		record->known[i] = le64_to_cpu(disk->known[i]);
		record->stores[i] = le64_to_cpu(disk->stores[i]);
	}
	return NULL;
}

/**
 * braid_record_decode() - read a record from its form on disk or on the wire
 * @record: filled in on success, undefined otherwise
 * @slot: BRAID_SLOT_SIZE bytes from an untrusted source
 *
 * Return: NULL, or what is wrong with the record (static text).
 */
const char *braid_record_decode(struct braid_record *record, const void *slot)
{
	const struct disk_record *disk = slot;
	const char *wrong;

	if (disk->magic != cpu_to_le64(RECORD_MAGIC))
		return memchr_inv(slot, 0, BRAID_SLOT_SIZE) ? "not a record" :
							      "blank";
	if (slot_crc(slot) != le32_to_cpu(disk->crc))
		return "checksum is wrong";
	if (le32_to_cpu(disk->format) != RECORD_FORMAT)
		return "format of another version";
	if (memchr_inv(slot + sizeof(*disk), 0,
		       BRAID_SLOT_SIZE - sizeof(*disk)))
		return "unknown fields";
	memset(record, 0, sizeof(*record));
	wrong = decode_fields(record, disk);
	if (!wrong)
		wrong = check_sense(record);
	/* A witness learns the size when the volume is created. */
	if (!wrong && (record->size || record->voters.count ||
		       !(record->flags & BRAID_RECORD_WITNESS)))
		wrong = braid_record_check_size(record->size,
						record->region_shift);
	return wrong;
}

/**
 * braid_record_choose() - choose the newer valid record of two slots
 * @record: filled in on success
 * @a: BRAID_SLOT_SIZE bytes of the first slot
 * @b: BRAID_SLOT_SIZE bytes of the second slot
 * @why: set to the fault of an invalid slot (of @a if both are invalid), or to
 *	NULL if both are valid; may be NULL
 *
 * Return: 0, or -ENODATA if neither slot is valid.
 */
int braid_record_choose(struct braid_record *record, const void *a,
			const void *b, const char **why)
{
	const char *wrong_a, *wrong_b;
	u64 sequence_b;

	if (why)
		*why = NULL;
	wrong_b = braid_record_decode(record, b);
	sequence_b = wrong_b ? 0 : record->sequence;
	wrong_a = braid_record_decode(record, a);
	if (why)
		*why = wrong_a ?: wrong_b;
	if (wrong_a && wrong_b)
		return -ENODATA;
	if (wrong_a || (!wrong_b && sequence_b > record->sequence))
		braid_record_decode(record, b);
	return 0;
}

/**
 * braid_record_check_size() - check the size of a volume and of its regions
 * @size: size of the volume in bytes
 * @region_shift: log2 of the region size in bytes
 *
 * Return: NULL, or what is wrong (static text).
 */
const char *braid_record_check_size(u64 size, u8 region_shift)
{
	if (!size || size % BRAID_BLOCK)
		return "size is not a multiple of 4096 bytes";
	if (size > BRAID_SIZE_MAX)
		return "size is above 16 TiB";
	if (region_shift < BRAID_REGION_SHIFT_MIN ||
	    region_shift > BRAID_REGION_SHIFT_MAX)
		return "region size is not between 64 KiB and 4 MiB";
	return NULL;
}

/**
 * braid_record_regions() - compute the number of regions of a volume
 * @size: size of the volume in bytes
 * @region_shift: log2 of the region size in bytes
 *
 * Return: the number of regions.
 */
u32 braid_record_regions(u64 size, u8 region_shift)
{
	return DIV_ROUND_UP_ULL(size, 1ULL << region_shift);
}

/**
 * braid_record_region_shift() - choose the default region size for a volume
 * @size: size of the volume in bytes
 *
 * Return: log2 of the smallest region size, from 256 KiB up, whose map has at
 * most 64 MiB, but at most BRAID_REGION_SHIFT_MAX.
 */
u8 braid_record_region_shift(u64 size)
{
	u8 shift = BRAID_REGION_SHIFT_DEFAULT;

	while (shift < BRAID_REGION_SHIFT_MAX &&
	       (u64)braid_map_pages(braid_record_regions(size, shift)) *
	       BRAID_MAP_PAGE > (64u << 20))
		shift++;
	return shift;
}
