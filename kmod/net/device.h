/* SPDX-License-Identifier: GPL-2.0-only */
/* Removal of objects whose device is unregistered. */
#ifndef BRAID_DEVICE_H
#define BRAID_DEVICE_H

int braid_device_init(void);
void braid_device_exit(void);

#endif
