/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_ATTACH_H
#define BRAID_BLK_ATTACH_H

#include <linux/limits.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "transport/auth.h"
#include "io/io.h"
#include "volume/volume.h"

struct braid_blk_node;
struct netlink_ext_ack;

/* What a person asks of volumes: create, attach, detach, suspend, resume, show. */

/*
 * struct braid_volume_make - arguments of `volume create`
 */
struct braid_volume_make {
	const char *name;
	u64 size;
	struct braid_voters voters;
	struct braid_secrets secrets;
};

/*
 * struct braid_volume_attach - arguments of `volume attach`
 * @from: where to begin; the other addresses come from the record
 * @min_isr: fewer members hold writes (S4); 0: 1
 * @suspend_timeout_ms: dead when I/O is held for longer; 0: never
 */
struct braid_volume_attach {
	const char *name;
	struct braid_address from[BRAID_VOTERS_MAX];
	unsigned int nfrom;
	struct braid_secrets secrets;
	bool takeover;
	bool dead;
	bool force;
	u32 min_isr;
	u32 suspend_timeout_ms;
};

int braid_volume_init(void);
void braid_volume_exit(void);

/*
 * The end of a node, which nothing is asked any more. Kill: all I/O fails, and works
 * return; waits for nothing. End: detaches all by force; waits for disks.
 */
void braid_volume_kill(struct braid_blk_node *node);
void braid_volume_end(struct braid_blk_node *node);

/* Context: process, may sleep long, interruptible. */
int braid_volume_create(struct braid_blk_node *node,
			const struct braid_volume_make *make,
			struct netlink_ext_ack *extack);
int braid_volume_attach(struct braid_blk_node *node,
			const struct braid_volume_attach *how,
			struct netlink_ext_ack *extack);
int braid_volume_detach(struct braid_blk_node *node, const char *name,
			bool force, struct netlink_ext_ack *extack);
int braid_volume_suspend(struct braid_blk_node *node, const char *name,
			 struct netlink_ext_ack *extack);
int braid_volume_resume(struct braid_blk_node *node, const char *name,
			struct netlink_ext_ack *extack);

#define BRAID_NEVER	U64_MAX		/* of a time ago */
#define BRAID_WHY_MAX	256

/*
 * struct braid_volume_info - what `volume show` tells
 *
 * peer[].answered_ms_ago is BRAID_NEVER for one that never answered; peer[].lost:
 * blank or rolled back, so it does not count.
 */
struct braid_volume_info {
	char name[BRAID_NAME_MAX + 1];
	char device[BRAID_DEVICE_MAX + 1];
	enum braid_volume_state state;
	u32 held;
	const char *dead_why;
	struct braid_record record;
	struct braid_epoch epoch;
	u64 proposed;
	u64 lease_left_ms;
	u32 min_isr;
	u32 suspend_timeout_ms;
	u32 openers;
	struct braid_io_info io;
	unsigned int npeers;
	struct {
		struct braid_voter voter;
		enum braid_peer_state state;
		const char *why;
		bool local;
		bool lost;
		u64 answered_ms_ago;
	} peer[BRAID_VOTERS_MAX];
};

int braid_volume_walk(struct braid_blk_node *node,
		      int (*fn)(const struct braid_volume_info *info,
				void *context),
		      void *context);
/* -ENOENT */
int braid_volume_lookup(struct braid_blk_node *node, const char *name,
			struct braid_volume_info *info);
/* One sentence: what it waits for and what would free it. @out: BRAID_WHY_MAX bytes. */
void braid_volume_why(const struct braid_volume_info *info, char *out);

#endif /* BRAID_BLK_ATTACH_H */
