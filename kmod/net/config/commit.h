/* SPDX-License-Identifier: GPL-2.0-only */
/* Commits: apply all changes of a transaction, or none. */
#ifndef BRAID_COMMIT_H
#define BRAID_COMMIT_H

#include "config/txn.h"

#define BRAID_ANY_GEN U64_MAX

int braid_commit(struct braid_net *bn, struct list_head *changes, u64 expect,
		 bool dry_run, u64 *gen, struct braid_err *err);
void braid_commit_remove_device(struct braid_net *bn, int ifindex);
void braid_commit_remove_all(struct braid_net *bn);

#endif
