// SPDX-License-Identifier: GPL-2.0-only
/* What a node keeps of volumes: replica, target. */
#include "noun.h"

#include "ask.h"
#include "tell.h"

#include <linux/braid_blk.h>

static const struct choice replica_states[] = {
	{ .name = "blank",
	  .number = BRAID_BLK_REPLICA_STATE_BLANK,
	  .colour = COLOUR_BAD },
	{ .name = "joining", .number = BRAID_BLK_REPLICA_STATE_JOINING },
	{ .name = "insync",
	  .number = BRAID_BLK_REPLICA_STATE_INSYNC,
	  .colour = COLOUR_GOOD },
	{ 0 },
};

static const struct word create_words[] = {
	{
		.name = "replica",
		.value = "STORE",
		.help = "absolute path of a block device or a file; a\n"
			"file is made if size is given",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.key = true,
		.bare = true,
	},
	{
		.name = "volume",
		.value = "NAME",
		.help = "name of the volume that it is for",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_VOLUME,
	},
	{
		.name = "uuid",
		.value = "U",
		.help = "UUID of that volume, the same on all its voters",
		.type = &type_uuid,
		.attr = BRAID_BLK_A_REPLICA_UUID,
	},
	{
		.name = "voter",
		.value = "ID",
		.help = "its id among the voters, 1 to 63",
		.type = &type_u8,
		.attr = BRAID_BLK_A_REPLICA_VOTER,
	},
	{
		.name = "size",
		.value = "S",
		.help = "bytes of the volume, or a number with K, M, G or\n"
			"T (powers of 1024); the default is all that fits",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_SIZE,
		.optional = true,
	},
	{
		.name = "witness",
		.help = "it holds the record only, no data",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_WITNESS,
		.optional = true,
	},
	{
		.name = "force",
		.help = "even if something else seems to be on it",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_FORCE,
		.optional = true,
	},
	{ 0 },
};

static const struct word file_words[] = {
	{
		.name = "replica",
		.value = "STORE",
		.help = "absolute path of a block device or a file",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word open_words[] = {
	{
		.name = "replica",
		.value = "STORE",
		.help = "absolute path, as it was opened",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "replica",
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct deed replica_deeds[] = {
	{
		.name = "create",
		.help = "makes a store a replica or witness of a volume\n"
			"to be",
		.words = create_words,
		.cmd = BRAID_BLK_CMD_REPLICA_CREATE,
		.run = ask_send,
	},
	{
		.name = "open",
		.help = "opens one, for targets and volumes of this node",
		.words = file_words,
		.cmd = BRAID_BLK_CMD_REPLICA_OPEN,
		.run = ask_send,
	},
	{
		.name = "close",
		.help = "closes one that no writer uses",
		.words = open_words,
		.cmd = BRAID_BLK_CMD_REPLICA_CLOSE,
		.run = ask_send,
	},
	{
		.name = "del",
		.help = "makes one that is not open blank: its data is\n"
			"lost",
		.words = file_words,
		.cmd = BRAID_BLK_CMD_REPLICA_DEL,
		.run = ask_send,
	},
	{
		.name = "show",
		.help = "prints those that are open, or one of them",
		.words = open_words,
		.cmd = BRAID_BLK_CMD_REPLICA_GET,
		.reads = true,
		.key_optional = true,
		.run = tell_show,
	},
	{
		.name = "check",
		.help = "reads all that it keeps beside the data, and\n"
			"changes nothing",
		.words = file_words,
		.cmd = BRAID_BLK_CMD_REPLICA_CHECK,
		.reads = true,
		.run = tell_check,
	},
	{ 0 },
};

static const struct word replica_told[] = {
	{
		.name = "replica",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.key = true,
		.bare = true,
		.colour = COLOUR_DEVICE,
	},
	{
		.name = "volume",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_VOLUME,
	},
	{
		.name = "uuid",
		.type = &type_uuid,
		.attr = BRAID_BLK_A_REPLICA_UUID,
	},
	{
		.name = "voter",
		.type = &type_u8,
		.attr = BRAID_BLK_A_REPLICA_VOTER,
	},
	{
		.name = "witness",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_WITNESS,
	},
	{
		.name = "size",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_SIZE,
	},
	{
		.name = "state",
		.type = &type_choice32,
		.choices = replica_states,
		.attr = BRAID_BLK_A_REPLICA_STATE,
	},
	{
		.name = "failed",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_FAILED,
	},
	{
		.name = "holder",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_HOLDER,
	},
	{
		.name = "epoch",
		.type = &type_u64,
		.attr = BRAID_BLK_A_REPLICA_EPOCH,
	},
	{
		.name = "version",
		.type = &type_version,
		.attr = BRAID_BLK_A_REPLICA_VERSION,
	},
	{
		.name = "clean",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_CLEAN,
	},
	{
		.name = "isr",
		.type = &type_u8,
		.attr = BRAID_BLK_A_REPLICA_ISR,
		.list = true,
	},
	{
		.name = "dirty",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_DIRTY,
	},
	{
		.name = "lease-left",
		.type = &type_u64,
		.attr = BRAID_BLK_A_REPLICA_LEASE_LEFT,
	},
	{
		.name = "lease",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_LEASE,
		.derived = true,
	},
	{
		.name = "node",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_REPLICA_NODE,
		.derived = true,
	},
	{
		.name = "list-version",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_LIST_VERSION,
		.derived = true,
	},
	{
		.name = "generation",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_GENERATION,
		.derived = true,
	},
	{
		.name = "insync-generation",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_INSYNC_GENERATION,
		.derived = true,
	},
	{
		.name = "sequence",
		.type = &type_u64,
		.attr = BRAID_BLK_A_REPLICA_SEQUENCE,
		.derived = true,
	},
	{
		.name = "incarnation",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_REPLICA_INCARNATION,
		.derived = true,
	},
	{
		.name = "store",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_REPLICA_STORE,
		.derived = true,
	},
	{
		.name = "region-size",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_REGION_SIZE,
		.derived = true,
	},
	{
		.name = "room",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_ROOM,
		.derived = true,
	},
	{
		.name = "discard",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_DISCARD,
		.derived = true,
	},
	{ 0 },
};

const struct word check_words[] = {
	{
		.name = "faults",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_FAULTS,
	},
	{
		.name = "fault",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_FAULT,
		.list = true,
	},
	{ 0 },
};

static const char *const replica_examples[] = {
	"braid replica create /dev/vdb volume db voter 1 \\\n"
	"      uuid 3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55",
	"braid replica create /var/lib/braid/db volume db voter 2 size 10G \\\n"
	"      uuid 3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55",
	"braid replica create /var/lib/braid/db volume db voter 3 witness \\\n"
	"      uuid 3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55",
	"braid replica open /dev/vdb",
	"braid replica close /dev/vdb",
	"braid replica del /dev/vdb",
	"braid replica show",
	"braid -j -p replica show /dev/vdb",
	"braid replica check /dev/vdb",
	NULL,
};

const struct noun noun_replica = {
	.name = "replica",
	.help = "what this node keeps of a volume",
	.deeds = replica_deeds,
	.told = replica_told,
	.examples = replica_examples,
	.notes = "A store is a block device, or a file that has another one, "
		 "STORE.braid,\n"
		 "beside it.",
};

/* ---- target ---- */

static const struct word listen_words[] = {
	{
		.name = "target",
		.value = "A:PORT",
		.help = "address of this node and TCP port; IPv6 is\n"
			"[A]:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.key = true,
		.bare = true,
	},
	{
		.name = "secret-file",
		.value = "PATH",
		.help = "who knows what is in it may connect; - is\n"
			"standard input",
		.type = &type_secret,
		.attr = BRAID_BLK_A_TARGET_SECRET,
		.refers = "file",
	},
	{ 0 },
};

static const struct word target_key_words[] = {
	{
		.name = "target",
		.value = "A:PORT",
		.help = "where it listens",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.refers = "target",
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct deed target_deeds[] = {
	{
		.name = "listen",
		.help = "serves the open replicas at an address; where it\n"
			"does already, its secrets are replaced",
		.words = listen_words,
		.cmd = BRAID_BLK_CMD_TARGET_LISTEN,
		.run = ask_send,
	},
	{
		.name = "show",
		.help = "prints where this node listens, or one of these",
		.words = target_key_words,
		.cmd = BRAID_BLK_CMD_TARGET_GET,
		.reads = true,
		.key_optional = true,
		.run = tell_show,
	},
	{
		.name = "close",
		.help = "stops, and closes the connections",
		.words = target_key_words,
		.cmd = BRAID_BLK_CMD_TARGET_CLOSE,
		.run = ask_send,
	},
	{ 0 },
};

static const struct word target_told[] = {
	{
		.name = "target",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.key = true,
		.bare = true,
	},
	{
		.name = "connections",
		.type = &type_u32,
		.attr = BRAID_BLK_A_TARGET_CONNECTIONS,
	},
	{
		.name = "refused",
		.type = &type_u64,
		.attr = BRAID_BLK_A_TARGET_REFUSED,
	},
	{
		.name = "broken",
		.type = &type_u64,
		.attr = BRAID_BLK_A_TARGET_BROKEN,
	},
	{ 0 },
};

static const char *const target_examples[] = {
	"braid target listen 192.0.2.1:7000 secret-file /etc/braid/secret",
	"braid target listen [2001:db8::1]:7000 secret-file -",
	"braid target close 192.0.2.1:7000",
	"braid target show",
	NULL,
};

const struct noun noun_target = {
	.name = "target",
	.help = "where this node serves its replicas",
	.deeds = target_deeds,
	.told = target_told,
	.examples = target_examples,
	.notes = "A secret file has mode 0600 and one or two lines of 32 to 64 "
		 "bytes: the\n"
		 "secret, and one that is accepted as well while it is "
		 "replaced.",
};
