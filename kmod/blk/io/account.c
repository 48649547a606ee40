// SPDX-License-Identifier: GPL-2.0-only
#include "io/account.h"

#include <linux/bio.h>
#include <linux/blkdev.h>

unsigned long braid_account_begin(struct bio *bio)
{
	return bio_start_io_acct(bio);
}

void braid_account_end(struct bio *bio, unsigned long start)
{
	bio_end_io_acct(bio, start);
}
