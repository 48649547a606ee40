/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STORE_OPEN_H
#define BRAID_BLK_STORE_OPEN_H

#include <linux/types.h>

struct braid_store;
struct netlink_ext_ack;

/**
 * braid_store_open() - open a store for reading and writing, exclusively
 * @path: absolute, looked up in the caller's file system name space
 * @witness: without a data space; a data replica may be opened so to read its
 *	record
 * @extack: told why not
 *
 * A block device by any name that leads to it; else a file store: the data is
 * in @path, which a witness has not, the metadata in @path.braid.  Nobody else
 * can write to it while it is open.
 *
 * Context: process, may sleep. Return: the store or an ERR_PTR.
 */
struct braid_store *braid_store_open(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

/*
 * Opens what is to become a store, as braid_store_open() does, but of a file
 * store only what is there: the rest is made by braid_store_create().
 */
struct braid_store *braid_store_make(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

/*
 * Opens a store for reading, as braid_store_open() does, whoever has it open for
 * writing meanwhile.
 */
struct braid_store *braid_store_look(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_STORE_OPEN_H */
