/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SERVE_H
#define BRAID_BLK_SERVE_H

#include <linux/workqueue.h>

/* Execution of requests at a replica; the door is braid_replica_submit(). */

/* Works of struct braid_replica. */
void braid_serve_control(struct work_struct *work);
void braid_serve_digests(struct work_struct *work);

#endif /* BRAID_BLK_SERVE_H */
