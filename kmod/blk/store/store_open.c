// SPDX-License-Identifier: GPL-2.0-only
#include "store/store_open.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "proto/text.h"
#include "store/store.h"
#include "store/store_ops.h"

/*
 * Finds the type of the file at @path; 0 if the path leads nowhere or cannot be
 * looked up, in which case opening the file finds the reason. Return: 0, or
 * -ENOMEM, which does not tell whether the file exists.
 */
static int type_of(const char *path, umode_t *type)
{
	struct path found;
	int error;

	*type = 0;
	error = kern_path(path, LOOKUP_FOLLOW, &found);
	if (error)
		return error == -ENOMEM ? error : 0;
	*type = d_backing_inode(found.dentry)->i_mode & S_IFMT;
	path_put(&found);
	return 0;
}

static struct braid_store *open_kind(const char *path, enum braid_store_how how,
				     bool witness,
				     struct netlink_ext_ack *extack)
{
	struct braid_store *store;
	umode_t type;
	int error;

	if (path[0] != '/') {
		braid_refuse(extack, -EINVAL, "%s: a path begins with /", path);
		return ERR_PTR(-EINVAL);
	}
	error = type_of(path, &type);
	if (error)
		return ERR_PTR(error);
	switch (type) {
	case S_IFBLK:
		store = braid_store_bdev_open(path, how, extack);
		break;
	case S_IFREG:
	case 0:
		store = braid_store_file_open(path, how, witness, extack);
		break;
	default:
		braid_refuse(extack, -EINVAL,
			     "%s is neither a block device nor a regular file",
			     path);
		return ERR_PTR(-EINVAL);
	}
	if (!IS_ERR(store))
		store->witness = witness;
	return store;
}

static struct braid_store *open_store(const char *path,
				      enum braid_store_how how, bool witness,
				      struct netlink_ext_ack *extack)
{
	struct workqueue_struct *workqueue;
	struct braid_store *store;
	char *copy;

	copy = kstrdup(path, GFP_KERNEL);
	workqueue = alloc_workqueue("braid_store",
				    WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	store = ERR_PTR(-ENOMEM);
	if (copy && workqueue)
		store = open_kind(path, how, witness, extack);
	if (IS_ERR(store)) {
		if (workqueue)
			destroy_workqueue(workqueue);
		kfree(copy);
		return store;
	}
	store->path = copy;
	store->workqueue = workqueue;
	do
		store->id = get_random_u64();
	while (!store->id);
	return store;
}

/**
 * braid_store_open() - open a store exclusively, for reading and writing
 * @path: absolute path, looked up in the file system namespace of the caller
 * @witness: without a data space; also used to read the record of a data
 *	replica
 * @extack: receives the reason for a failure
 *
 * A path to a block device opens the device. Any other path opens a file store:
 * data in @path (unless @witness), metadata in @path.braid. No other opener can
 * write to the store while it is open.
 *
 * Context: Process, may sleep.
 * Return: the store or an ERR_PTR().
 */
struct braid_store *braid_store_open(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	return open_store(path, BRAID_STORE_OPEN, witness, extack);
}

/**
 * braid_store_make() - open a store that is to be formatted
 * @path: as for braid_store_open()
 * @witness: without a data space
 * @extack: receives the reason for a failure
 *
 * Opens only the existing files of a file store; braid_store_create() creates
 * the missing ones.
 *
 * Context: Process, may sleep.
 * Return: the store or an ERR_PTR().
 */
struct braid_store *braid_store_make(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	return open_store(path, BRAID_STORE_MAKE, witness, extack);
}

/**
 * braid_store_look() - open a store for reading
 * @path: as for braid_store_open()
 * @witness: without a data space
 * @extack: receives the reason for a failure
 *
 * Works also while the store is open for writing.
 *
 * Context: Process, may sleep.
 * Return: the store or an ERR_PTR().
 */
struct braid_store *braid_store_look(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	return open_store(path, BRAID_STORE_LOOK, witness, extack);
}
