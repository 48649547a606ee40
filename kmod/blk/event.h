/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_EVENT_H
#define BRAID_BLK_EVENT_H

#include <linux/types.h>

/* What `monitor volumes` hears.  @what and @why: static text, lower case. */

/* @voter: 0 or whom it is about.  Context: any. */
void braid_event_volume(const char *volume, const char *what, u8 voter,
			const char *why);

#endif /* BRAID_BLK_EVENT_H */
