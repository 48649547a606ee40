/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SERVE_H
#define BRAID_BLK_SERVE_H

#include <linux/workqueue.h>

/*
 * Execution of requests at a replica. Requests come in by
 * braid_replica_submit().
 */

void braid_serve_control(struct work_struct *work);
void braid_serve_digests(struct work_struct *work);

#endif /* BRAID_BLK_SERVE_H */
