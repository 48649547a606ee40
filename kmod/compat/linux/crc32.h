/* SPDX-License-Identifier: GPL-2.0-only */
/* crc32c() in the header where 7.x has it. */
#ifndef BRAID_COMPAT_CRC32_H
#define BRAID_COMPAT_CRC32_H

#include_next <linux/crc32.h>

#ifndef HAVE_CRC32_CRC32C
#include <linux/crc32c.h>
#endif

#endif
