/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_IO_H
#define BRAID_BLK_IO_H

#include <linux/types.h>

struct bio;
struct braid_io_set;
struct braid_peer;
struct braid_volume;

/*
 * Everything in flight on an attached volume: writes, flushes, reads, the
 * regions to be reconciled and those to be cleared.
 */

/* Context: may sleep. */
/* volume->record, peers and local are set. */
int braid_io_init(struct braid_volume *volume);
/*
 * Fails what is left.  No bio comes any more; every peer was disconnected, so
 * that every request is answered: waits for that.
 */
void braid_io_exit(struct braid_volume *volume);

/* A bio of the device, at most BRAID_PAYLOAD_MAX of data. Context: submit_bio. */
void braid_io_submit(struct braid_volume *volume, struct bio *bio);

/*
 * What the control part tells.  Each looks at the volume under its lock again.
 * Context: process, may sleep, volume->lock not held.
 */
/* ISR, proposal or generation changed: some in flight may now be complete. */
void braid_io_membership(struct braid_volume *volume);
/* The gate (state, held) changed: release or fail what waits. */
void braid_io_gate(struct braid_volume *volume);
/*
 * The session of @peer was resumed, or began under a higher epoch: send again, in
 * order, what it did not acknowledge.  After the first -ENOTCONN, -ESHUTDOWN or
 * -ESTALE of a peer nothing is sent to it until this is called.
 */
void braid_io_resend(struct braid_volume *volume, struct braid_peer *peer);
/*
 * The volume is dead: fail everything queued or in flight now, with @error.  Reads
 * in flight fail when they are answered, since their carrier writes to the
 * application's pages until then: end the connections (braid_peer_kill()) too.
 */
void braid_io_fail(struct braid_volume *volume, int error);

/*
 * Attach 4: regions of @dirty (bitmap over all regions, kvmalloc'ed, taken over)
 * must be made equal on the ISR before they are touched; copied from voter @source, or
 * from one of @kept, a set of members that kept their cache since the previous attachment.
 * Once, before the volume is served.
 */
void braid_io_reconcile(struct braid_volume *volume, unsigned long *dirty,
			u8 source, u64 kept);
/* Regions not reconciled yet. */
u32 braid_io_unreconciled(struct braid_volume *volume);

/*
 * Detach: no new I/O comes.  Waits until all is acknowledged.
 * Context: may sleep. Return: 0, -ETIMEDOUT.
 */
int braid_io_drain(struct braid_volume *volume, unsigned int timeout_ms);
/*
 * After that: waits for what is left to be reconciled, flushes, then clears every
 * region, so that the record may say clean.
 * Context: may sleep. Return: 0; -ETIMEDOUT: a member was not reached; -EIO: the
 * volume is dead, or a region has to stay dirty.
 */
int braid_io_flush_and_clear(struct braid_volume *volume);

/**
 * struct braid_io_info - for `volume show` and `why`
 * @writes: in flight, flushes too
 * @reads: in flight
 * @held: bios that wait for the gate, or for a member to read from
 * @dirty: regions this attachment made dirty
 * @unreconciled: regions not made equal yet
 * @waits_for: members that the oldest write in flight waits for
 * @oldest_ns: its age
 * @repaired: blocks written anew because a member could not read them
 */
struct braid_io_info {
	u32 writes;
	u32 reads;
	u32 held;
	u32 dirty;
	u32 unreconciled;
	u64 waits_for;
	u64 oldest_ns;
	u64 repaired;
};

void braid_io_info(struct braid_volume *volume, struct braid_io_info *info);

/*
 * The ISR is one member: since when that is late with what is in flight, boottime
 * ns; 0: it is not.  volume->lock held.
 */
u64 braid_io_waits_since(const struct braid_volume *volume, u64 now);

#endif /* BRAID_BLK_IO_H */
