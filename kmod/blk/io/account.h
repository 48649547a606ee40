/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_ACCOUNT_H
#define BRAID_BLK_ACCOUNT_H

struct bio;

/*
 * Begins the accounting of a bio of the device, as iostat shows it.
 * Context: any.  Return: when it began, for braid_account_end().
 */
unsigned long braid_account_begin(struct bio *bio);
/* Ends the accounting of a bio, not the bio.  Context: any. */
void braid_account_end(struct bio *bio, unsigned long start);

#endif /* BRAID_BLK_ACCOUNT_H */
