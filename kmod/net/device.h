/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that go away. */
#ifndef BRAID_DEVICE_H
#define BRAID_DEVICE_H

int braid_device_init(void);
void braid_device_exit(void);

#endif
