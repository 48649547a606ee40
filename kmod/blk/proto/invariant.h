/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_INVARIANT_H
#define BRAID_BLK_INVARIANT_H

#include <linux/bug.h>
#include <linux/kconfig.h>

/*
 * An invariant of Documentation/volumes.md at a place where one node can see it.
 * Looked at where the kernel proves its locks as well; costs nothing elsewhere.
 */
#define braid_invariant(name, holds)					\
	WARN_ONCE(IS_ENABLED(CONFIG_PROVE_LOCKING) && !(holds),		\
		  "braid: invariant " name " does not hold\n")

#endif /* BRAID_BLK_INVARIANT_H */
