/* SPDX-License-Identifier: GPL-2.0-only */
/* Before 6.17 a workqueue was bound to CPUs by default, without a flag. */
#ifndef BRAID_COMPAT_WORKQUEUE_H
#define BRAID_COMPAT_WORKQUEUE_H

#include_next <linux/workqueue.h>

#ifndef HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

#endif
