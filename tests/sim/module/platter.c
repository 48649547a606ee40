// SPDX-License-Identifier: GPL-2.0-only
#include "platter.h"

#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim.h"

static char *broken = "";
module_param(broken, charp, 0644);
MODULE_PARM_DESC(broken, "what is wrong with disks: flush, fua, keep, tear, early");

static struct sim_platter *platters[SIM_IDS];

static bool is_broken(const char *how)
{
	return !strcmp(broken, how);
}

struct sim_platter *sim_platter_take(u64 id)
{
	struct sim_platter *platter = id < SIM_IDS ? platters[id] : NULL;

	if (!platter || platter->used)
		return NULL;
	platter->used = true;
	return platter;
}

static void *page_make(void)
{
	/* A test of failing allocations is not about those of the simulation. */
	return (void *)get_zeroed_page(GFP_NOIO | __GFP_NOFAIL);
}

static void page_free(void *data)
{
	free_page((unsigned long)data);
}

struct sim_piece *sim_piece_make(u32 block, bool zero)
{
	struct sim_piece *piece = kzalloc(sizeof(*piece), GFP_NOIO | __GFP_NOFAIL);

	piece->block = block;
	piece->data = zero ? NULL : page_make();
	return piece;
}

void sim_piece_free(struct sim_piece *piece)
{
	page_free(piece->data);
	kfree(piece);
}

/* The piece becomes what is durable of its block. */
static void settle(struct sim_cell *cell, struct sim_piece *piece)
{
	swap(cell->durable, piece->data);
	list_del(&piece->node);
	sim_piece_free(piece);
}

static void drop_up_to(struct sim_cell *cell, const struct sim_piece *last)
{
	struct sim_piece *piece, *next;

	list_for_each_entry_safe(piece, next, &cell->pieces, node) {
		if (piece == last)
			break;
		list_del(&piece->node);
		sim_piece_free(piece);
	}
}

static void drop_all(struct sim_cell *cell)
{
	struct sim_piece *piece, *next;

	list_for_each_entry_safe(piece, next, &cell->pieces, node) {
		list_del(&piece->node);
		sim_piece_free(piece);
	}
}

/* A write takes effect; the piece is the platter's from here on. */
void sim_platter_write(struct sim_platter *platter, struct sim_piece *piece,
		       bool durable)
{
	struct sim_cell *cell = &platter->cells[piece->block];
	unsigned long flags;

	spin_lock_irqsave(&platter->lock, flags);
	piece->sequence = ++platter->sequence;
	list_add_tail(&piece->node, &cell->pieces);
	if (durable && !is_broken("fua")) {
		drop_up_to(cell, piece);
		settle(cell, piece);
	}
	spin_unlock_irqrestore(&platter->lock, flags);
}

void sim_platter_read(struct sim_platter *platter, u32 block, void *to)
{
	struct sim_cell *cell = &platter->cells[block];
	unsigned long flags;
	void *data;

	spin_lock_irqsave(&platter->lock, flags);
	data = list_empty(&cell->pieces) ? cell->durable :
	       list_last_entry(&cell->pieces, struct sim_piece, node)->data;
	if (data)
		memcpy(to, data, SIM_BLOCK);
	else
		memset(to, 0, SIM_BLOCK);
	spin_unlock_irqrestore(&platter->lock, flags);
}

/* Does it have room of its own? */
bool sim_platter_has(struct sim_platter *platter, u32 block)
{
	struct sim_cell *cell = &platter->cells[block];

	return cell->durable || !list_empty(&cell->pieces);
}

/* The last piece of a cell up to a write. */
static struct sim_piece *last_up_to(struct sim_cell *cell, u64 up_to)
{
	struct sim_piece *piece;

	list_for_each_entry_reverse(piece, &cell->pieces, node)
		if (piece->sequence <= up_to)
			return piece;
	return NULL;
}

/* Makes durable what was written up to UP_TO, and no more than it has to. */
void sim_platter_flush(struct sim_platter *platter, u64 up_to)
{
	struct sim_piece *last;
	unsigned long flags;
	u32 block;

	if (is_broken("flush"))
		return;
	if (is_broken("early"))
		up_to--;
	spin_lock_irqsave(&platter->lock, flags);
	for (block = 0; block < platter->blocks; block++) {
		last = last_up_to(&platter->cells[block], up_to);
		if (!last)
			continue;
		drop_up_to(&platter->cells[block], last);
		settle(&platter->cells[block], last);
	}
	spin_unlock_irqrestore(&platter->lock, flags);
}

static struct sim_piece *choose(struct sim_cell *cell, enum sim_loss loss, u64 after,
				struct rnd_state *chance)
{
	struct sim_piece *piece, *kept = NULL;

	list_for_each_entry(piece, &cell->pieces, node) {
		u32 dice = prandom_u32_state(chance) % 8;

		if (loss == SIM_LOSS_NONE || (loss == SIM_LOSS_AFTER && piece->sequence <= after) ||
		    (loss == SIM_LOSS_MOST && !dice) || (loss == SIM_LOSS_ANY && dice < 4))
			kept = piece;
	}
	return kept;
}

/* For the test of the test: half of the piece, at no multiple of a block. */
static void tear(struct sim_cell *cell, struct sim_piece *piece)
{
	if (piece->data && cell->durable)
		memcpy(piece->data + SIM_BLOCK / 2, cell->durable + SIM_BLOCK / 2,
		       SIM_BLOCK / 2);
	else if (piece->data)
		memset(piece->data + SIM_BLOCK / 2, 0, SIM_BLOCK / 2);
}

/*
 * The power goes: of what is not durable any subset of blocks stays. Nothing,
 * all, what was written up to some moment, or blocks at random.
 */
void sim_platter_lose(struct sim_platter *platter, struct rnd_state *chance,
		      enum sim_loss loss)
{
	u64 after = platter->sequence;
	struct sim_piece *kept;
	unsigned long flags;
	u32 block;

	if (loss >= SIM_LOSSES)
		loss = prandom_u32_state(chance) % SIM_LOSSES;
	after -= min_t(u64, prandom_u32_state(chance) % 64, after);
	spin_lock_irqsave(&platter->lock, flags);
	for (block = 0; block < platter->blocks; block++) {
		struct sim_cell *cell = &platter->cells[block];

		kept = choose(cell, is_broken("keep") ? SIM_LOSS_NONE : loss, after, chance);
		if (kept && is_broken("tear"))
			tear(cell, kept);
		if (kept) {
			drop_up_to(cell, kept);
			settle(cell, kept);
		}
		drop_all(cell);
	}
	spin_unlock_irqrestore(&platter->lock, flags);
}

static void platter_free(struct sim_platter *platter)
{
	u32 block;

	for (block = 0; block < platter->blocks; block++) {
		drop_all(&platter->cells[block]);
		page_free(platter->cells[block].durable);
	}
	kvfree(platter->cells);
	kfree(platter);
}

static int make(u64 id, u64 bytes)
{
	struct sim_platter *platter;
	u32 block;

	if (platters[id] || !bytes || bytes % SIM_BLOCK || bytes > SZ_1G)
		return -EINVAL;
	platter = kzalloc(sizeof(*platter), GFP_KERNEL | __GFP_NOFAIL);
	spin_lock_init(&platter->lock);
	platter->blocks = bytes >> SIM_BLOCK_SHIFT;
	platter->cells = kvcalloc(platter->blocks, sizeof(*platter->cells),
				  GFP_KERNEL);
	if (!platter->cells) {
		kfree(platter);
		return -ENOMEM;
	}
	for (block = 0; block < platter->blocks; block++)
		INIT_LIST_HEAD(&platter->cells[block].pieces);
	platters[id] = platter;
	return 0;
}

static int drop(u64 id)
{
	if (!platters[id])
		return -ENOENT;
	if (platters[id]->used)
		return -EBUSY;
	platter_free(platters[id]);
	platters[id] = NULL;
	return 0;
}

/* platter ID make BYTES | platter ID drop */
int sim_platter_command(const struct sim_words *words)
{
	if (words->count == 4 && !strcmp(words->words[2], "make"))
		return make(words->number[1], words->number[3]);
	if (words->count == 3 && !strcmp(words->words[2], "drop"))
		return drop(words->number[1]);
	return -EINVAL;
}

void sim_platters_end(void)
{
	int id;

	for (id = 0; id < SIM_IDS; id++)
		if (platters[id])
			platter_free(platters[id]);
}
