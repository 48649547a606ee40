// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim.h"

/*
 * A client has a block device open and asks for I/O without waiting for it. What
 * it asked and was answered goes to the test in that order. A block is filled
 * with one number, the value; COUNT blocks get values that follow one another.
 */

#define SIM_CLIENT_BLOCKS	16

struct sim_client {
	struct kref ref;
	struct file *file;
	u64 number;
};

/**
 * struct sim_ask - one bio of a client
 * @client: the client, or what is left of it
 * @id: the first number by which the test knows it
 * @count: number of blocks
 * @read: its pages are of interest
 * @pages: a page for each block
 */
struct sim_ask {
	struct sim_client *client;
	u64 id;
	unsigned int count;
	bool read;
	void *pages[SIM_CLIENT_BLOCKS];
};

static struct sim_client *clients[SIM_IDS];

static void client_free(struct kref *ref)
{
	kfree(container_of(ref, struct sim_client, ref));
}

static void ask_free(struct sim_ask *ask)
{
	unsigned int i;

	for (i = 0; i < ask->count; i++)
		free_page((unsigned long)ask->pages[i]);
	kref_put(&ask->client->ref, client_free);
	kfree(ask);
}

/* Says what a block holds: a value, or that it has two. */
static void say_block(u64 id, const u64 *data)
{
	unsigned int i;

	for (i = 1; i < SIM_BLOCK / sizeof(*data); i++) {
		if (data[i] != data[0]) {
			sim_say("ok %llu torn\n", id);
			return;
		}
	}
	sim_say("ok %llu %llu\n", id, data[0]);
}

static void ask_done(struct bio *bio)
{
	struct sim_ask *ask = bio->bi_private;
	unsigned int i;

	if (bio->bi_status)
		sim_say("fail %llu %u\n", ask->id, ask->count);
	else if (!ask->read)
		sim_say("done %llu %u\n", ask->id, ask->count);
	for (i = 0; !bio->bi_status && ask->read && i < ask->count; i++)
		say_block(ask->id + i, ask->pages[i]);
	bio_put(bio);
	ask_free(ask);
}

static int client_open(u64 id, const char *path)
{
	struct sim_client *client;

	if (clients[id])
		return -EEXIST;
	client = kzalloc(sizeof(*client), GFP_KERNEL | __GFP_NOFAIL);
	client->file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE,
					      NULL, NULL);
	if (IS_ERR(client->file)) {
		int error = PTR_ERR(client->file);

		kfree(client);
		return error;
	}
	kref_init(&client->ref);
	client->number = id;
	clients[id] = client;
	return 0;
}

/* What it asked may be answered later. */
static void client_close(struct sim_client *client)
{
	clients[client->number] = NULL;
	bdev_fput(client->file);
	kref_put(&client->ref, client_free);
}

static const struct {
	const char *word;
	blk_opf_t opf;
	bool data;
} kinds[] = {
	{ "read", REQ_OP_READ, true },
	{ "write", REQ_OP_WRITE | REQ_SYNC, true },
	{ "fua", REQ_OP_WRITE | REQ_SYNC | REQ_FUA, true },
	{ "zero", REQ_OP_WRITE_ZEROES, false },
	{ "discard", REQ_OP_DISCARD, false },
	{ "flush", REQ_OP_WRITE | REQ_PREFLUSH, false },
};

static void fill(struct sim_ask *ask, struct bio *bio, u64 value)
{
	unsigned int i;

	for (i = 0; i < ask->count; i++) {
		ask->pages[i] = (void *)__get_free_page(GFP_KERNEL | __GFP_NOFAIL);
		memset64(ask->pages[i], value + i, SIM_BLOCK / sizeof(u64));
		__bio_add_page(bio, virt_to_page(ask->pages[i]), SIM_BLOCK, 0);
	}
}

static int client_ask(struct sim_client *client, const struct sim_words *words)
{
	const u64 *number = words->number;
	struct sim_ask *ask;
	struct bio *bio;
	int kind;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		if (!strcmp(words->words[2], kinds[kind].word))
			break;
	if (kind == ARRAY_SIZE(kinds) || words->count != 7 ||
	    number[5] > SIM_CLIENT_BLOCKS)
		return -EINVAL;
	ask = kzalloc(sizeof(*ask), GFP_KERNEL | __GFP_NOFAIL);
	kref_get(&client->ref);
	ask->client = client;
	ask->id = number[3];
	ask->count = number[5];
	ask->read = kinds[kind].opf == REQ_OP_READ;
	bio = bio_alloc(file_bdev(client->file), SIM_CLIENT_BLOCKS, kinds[kind].opf,
			GFP_KERNEL);
	bio->bi_iter.bi_sector = number[4] << (SIM_BLOCK_SHIFT - SECTOR_SHIFT);
	bio->bi_private = ask;
	bio->bi_end_io = ask_done;
	if (kinds[kind].data)
		fill(ask, bio, number[6]);
	else
		bio->bi_iter.bi_size = number[5] << SIM_BLOCK_SHIFT;
	sim_say("ask %llu\n", ask->id);
	submit_bio(bio);
	return 0;
}

/*
 * client C open PATH | client C close
 * client C KIND ID BLOCK COUNT VALUE: KIND is one of kinds[]; ID to ID + COUNT - 1
 */
int sim_client_command(const struct sim_words *words)
{
	u64 id = words->number[1];

	if (words->count == 4 && !strcmp(words->words[2], "open"))
		return client_open(id, words->words[3]);
	if (!clients[id])
		return -ENOENT;
	if (words->count == 3 && !strcmp(words->words[2], "close")) {
		client_close(clients[id]);
		return 0;
	}
	return words->count > 3 ? client_ask(clients[id], words) : -EINVAL;
}

void sim_clients_end(void)
{
	int id;

	for (id = 0; id < SIM_IDS; id++)
		if (clients[id])
			client_close(clients[id]);
}
