// SPDX-License-Identifier: GPL-2.0-only
/* Volumes, their voters and their events. */
#include "noun.h"

#include "ask.h"
#include "error.h"
#include "tell.h"

#include <linux/braid_blk.h>

static const struct choice volume_states[] = {
	{ .name = "attaching", .number = BRAID_BLK_VOLUME_STATE_ATTACHING },
	{ .name = "active",
	  .number = BRAID_BLK_VOLUME_STATE_ACTIVE,
	  .colour = COLOUR_GOOD },
	{ .name = "detaching", .number = BRAID_BLK_VOLUME_STATE_DETACHING },
	{ .name = "dead",
	  .number = BRAID_BLK_VOLUME_STATE_DEAD,
	  .colour = COLOUR_BAD },
	{ 0 },
};

static const struct choice voter_states[] = {
	{ .name = "down",
	  .number = BRAID_BLK_VOTER_STATE_DOWN,
	  .colour = COLOUR_BAD },
	{ .name = "asked", .number = BRAID_BLK_VOTER_STATE_ASKED },
	{ .name = "up",
	  .number = BRAID_BLK_VOTER_STATE_UP,
	  .colour = COLOUR_GOOD },
	{ .name = "failed",
	  .number = BRAID_BLK_VOTER_STATE_FAILED,
	  .colour = COLOUR_BAD },
	{ 0 },
};

static const struct choice held_reasons[] = {
	{ .name = "lease", .number = BRAID_BLK_HELD_LEASE },
	{ .name = "record", .number = BRAID_BLK_HELD_RECORD },
	{ .name = "min-isr", .number = BRAID_BLK_HELD_MIN_ISR },
	{ .name = "user", .number = BRAID_BLK_HELD_USER },
	{ .name = "refused", .number = BRAID_BLK_HELD_REFUSED },
	{ 0 },
};

/* ---- what may be typed ---- */

static const struct word create_words[] = {
	{
		.name = "volume",
		.value = "NAME",
		.help = "its name, at most 24 letters, digits, - _ and .",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "size",
		.value = "S",
		.help = "bytes, or a number with K, M, G or T (powers of\n"
			"1024)",
		.type = &type_size,
		.attr = BRAID_BLK_A_VOLUME_SIZE,
	},
	{
		.name = "voter",
		.value = "ID=A:PORT[,witness]",
		.help = "a voter and where its target listens; at most 7",
		.type = &type_voter,
		.attr = BRAID_BLK_A_VOLUME_VOTER,
		.many = true,
	},
	{
		.name = "secret-file",
		.value = "PATH",
		.help = "the secret of the targets, - is standard input;\n"
			"the default is that of this node's own target",
		.type = &type_secret,
		.attr = BRAID_BLK_A_VOLUME_SECRET,
		.refers = "file",
		.optional = true,
	},
	{ 0 },
};

static const struct word attach_words[] = {
	{
		.name = "volume",
		.value = "NAME",
		.help = "its name; the device is /dev/braid/NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "from",
		.value = "A:PORT",
		.help = "where to begin; a voter knows the other\n"
			"addresses",
		.type = &type_end,
		.attr = BRAID_BLK_A_VOLUME_FROM,
		.list = true,
	},
	{
		.name = "secret-file",
		.value = "PATH",
		.help = "the secret of the targets, - is standard input",
		.type = &type_secret,
		.attr = BRAID_BLK_A_VOLUME_SECRET,
		.refers = "file",
	},
	{
		.name = "takeover",
		.help = "ask the present writer to close, else wait until\n"
			"its lease has run out",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_TAKEOVER,
		.optional = true,
	},
	{
		.name = "dead",
		.help = "do not wait: you know that it is powered off",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_DEAD,
		.behind = "takeover",
		.optional = true,
	},
	{
		.name = "force",
		.help = "without a majority: what is reached becomes\n"
			"another volume with a UUID of its own",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_FORCE,
		.optional = true,
	},
	{
		.name = "min-isr",
		.value = "N",
		.help = "hold writes while fewer replicas have all of\n"
			"them; the default is 1",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_MIN_ISR,
		.optional = true,
	},
	{
		.name = "suspend-timeout",
		.value = "SECONDS",
		.help = "fail everything once I/O has been held that long;\n"
			"the default, 0, is never",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT,
		.optional = true,
	},
	{ 0 },
};

static const struct word detach_words[] = {
	{
		.name = "volume",
		.value = "NAME",
		.help = "its name",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.key = true,
		.bare = true,
	},
	{
		.name = "force",
		.help = "fail what waits instead of finishing it",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_FORCE,
		.optional = true,
	},
	{ 0 },
};

static const struct word name_words[] = {
	{
		.name = "volume",
		.value = "NAME",
		.help = "its name",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.key = true,
		.bare = true,
	},
	{ 0 },
};

/* How many failures it survives, where that may surprise. */
static void warn_of_voters(const struct asked *asked)
{
	size_t i, voters = 0;

	for (i = 0; i < asked->count; i++)
		voters += asked->items[i].word->type == &type_voter;
	if (!voters || voters % 2)
		return;
	if (voters == 2)
		error("warning: two voters survive no failure; a third, which "
		      "may be a witness, would let them survive one");
	else
		error("warning: %zu voters survive %zu failure%s, no more than "
		      "%zu do",
		      voters, (voters - 1) / 2, voters > 4 ? "s" : "",
		      voters - 1);
}

static const struct deed volume_deeds[] = {
	{
		.name = "create",
		.help = "makes a volume of replicas and witnesses that\n"
			"are open; every one must be reached",
		.words = create_words,
		.cmd = BRAID_BLK_CMD_VOLUME_CREATE,
		.warn = warn_of_voters,
		.run = ask_send,
	},
	{
		.name = "attach",
		.help = "makes this node the writer, with a device",
		.words = attach_words,
		.cmd = BRAID_BLK_CMD_VOLUME_ATTACH,
		.run = ask_send,
	},
	{
		.name = "detach",
		.help = "removes the device, and says so to the voters",
		.words = detach_words,
		.cmd = BRAID_BLK_CMD_VOLUME_DETACH,
		.run = ask_send,
	},
	{
		.name = "show",
		.help = "prints those that are attached, or one of them",
		.words = name_words,
		.cmd = BRAID_BLK_CMD_VOLUME_GET,
		.reads = true,
		.key_optional = true,
		.run = tell_show,
	},
	{
		.name = "why",
		.help = "tells what one waits for, and what would free it",
		.words = name_words,
		.cmd = BRAID_BLK_CMD_VOLUME_GET,
		.reads = true,
		.run = tell_why,
	},
	{
		.name = "suspend",
		.help = "holds all I/O",
		.words = name_words,
		.cmd = BRAID_BLK_CMD_VOLUME_SUSPEND,
		.run = ask_send,
	},
	{
		.name = "resume",
		.help = "lets it go on",
		.words = name_words,
		.cmd = BRAID_BLK_CMD_VOLUME_RESUME,
		.run = ask_send,
	},
	{ 0 },
};

/* ---- what is told ---- */

static const struct word volume_told[] = {
	{
		.name = "volume",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.key = true,
		.bare = true,
		.colour = COLOUR_DEVICE,
	},
	{
		.name = "uuid",
		.type = &type_uuid,
		.attr = BRAID_BLK_A_VOLUME_UUID,
	},
	{
		.name = "size",
		.type = &type_size,
		.attr = BRAID_BLK_A_VOLUME_SIZE,
	},
	{
		.name = "state",
		.type = &type_choice32,
		.choices = volume_states,
		.attr = BRAID_BLK_A_VOLUME_STATE,
	},
	{
		.name = "held",
		.type = &type_choice32,
		.choices = held_reasons,
		.attr = BRAID_BLK_A_VOLUME_HELD,
		.list = true,
		.colour = COLOUR_BAD,
	},
	{
		.name = "isr",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOLUME_ISR,
		.list = true,
	},
	{
		.name = "proposed",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOLUME_PROPOSED,
		.list = true,
	},
	{
		.name = "epoch",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_EPOCH,
	},
	{
		.name = "version",
		.type = &type_version,
		.attr = BRAID_BLK_A_VOLUME_VERSION,
	},
	{
		.name = "lease-left",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_LEASE_LEFT,
	},
	{
		.name = "min-isr",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_MIN_ISR,
		.has_standard = true,
		.standard = 1,
	},
	{
		.name = "suspend-timeout",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT,
		.has_standard = true,
		.standard = 0,
	},
	{
		.name = "openers",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_OPENERS,
	},
	{
		.name = "dirty",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_DIRTY,
	},
	{
		.name = "unreconciled",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_UNRECONCILED,
	},
	{
		.name = "writes",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_WRITES,
	},
	{
		.name = "reads",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_READS,
	},
	{
		.name = "waiting",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_WAITING,
	},
	{
		.name = "waits-for",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOLUME_WAITS_FOR,
		.list = true,
	},
	{
		.name = "oldest",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_OLDEST,
	},
	{
		.name = "repaired",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_REPAIRED,
	},
	{
		.name = "node",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_VOLUME_NODE,
		.derived = true,
	},
	{
		.name = "generation",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_GENERATION,
		.derived = true,
	},
	{
		.name = "lease",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_LEASE,
		.derived = true,
	},
	{
		.name = "region-size",
		.type = &type_size,
		.attr = BRAID_BLK_A_VOLUME_REGION_SIZE,
		.derived = true,
	},
	{
		.name = "discard",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_DISCARD,
		.derived = true,
	},
	{
		.name = "failure",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_FAILURE,
		.colour = COLOUR_BAD,
	},
	{ 0 },
};

const struct word voter_words[] = {
	{
		.name = "voter",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOTER_ID,
		.key = true,
		.bare = true,
	},
	{
		.name = "address",
		.type = &type_end,
		.attr = BRAID_BLK_A_VOTER_ADDRESS,
		.key = true,
	},
	{
		.name = "witness",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOTER_WITNESS,
	},
	{
		.name = "local",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOTER_LOCAL,
	},
	{
		.name = "state",
		.type = &type_choice32,
		.choices = voter_states,
		.attr = BRAID_BLK_A_VOTER_STATE,
	},
	{
		.name = "answered",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOTER_ANSWERED,
	},
	{
		.name = "why",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOTER_WHY,
	},
	{ 0 },
};

const struct word volume_event_words[] = {
	{
		.name = "time",
		.type = &type_time,
		.attr = BRAID_BLK_A_EVENT_TIME,
	},
	{
		.name = "volume",
		.type = &type_string,
		.attr = BRAID_BLK_A_EVENT_VOLUME,
		.colour = COLOUR_DEVICE,
	},
	{
		.name = "what",
		.type = &type_string,
		.attr = BRAID_BLK_A_EVENT_WHAT,
	},
	{
		.name = "voter",
		.type = &type_u8,
		.attr = BRAID_BLK_A_EVENT_VOTER,
	},
	{
		.name = "why",
		.type = &type_string,
		.attr = BRAID_BLK_A_EVENT_WHY,
	},
	{ 0 },
};

static const char *const volume_examples[] = {
	"braid volume create db size 10G voter 1=192.0.2.1:7000 \\\n"
	"      2=192.0.2.2:7000 3=192.0.2.3:7000,witness",
	"braid volume attach db from 192.0.2.1:7000,192.0.2.2:7000 \\\n"
	"      secret-file /etc/braid/secret",
	"braid volume attach db from 192.0.2.2:7000 secret-file - takeover",
	"braid volume attach db from 192.0.2.1:7000 secret-file - min-isr 2 \\\n"
	"      suspend-timeout 60",
	"braid volume detach db",
	"braid -j -p volume show db",
	"braid volume show",
	"braid volume why db",
	"braid volume suspend db",
	"braid volume resume db",
	NULL,
};

const struct noun noun_volume = {
	.name = "volume",
	.help = "a block device whose data several nodes keep",
	.deeds = volume_deeds,
	.told = volume_told,
	.examples = volume_examples,
	.notes = "A majority of the voters must be reached to attach a volume "
		 "and to keep\n"
		 "it: of three one may be missing, of five two. Sizes are "
		 "multiples of 4096\n"
		 "bytes.",
};
