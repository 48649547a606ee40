/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_INVARIANT_H
#define BRAID_BLK_INVARIANT_H

#include <linux/bug.h>
#include <linux/kconfig.h>

/*
 * Check an invariant of Documentation/volumes.md that one node alone can see.
 * The check runs only in kernels that prove their locking as well
 * (CONFIG_PROVE_LOCKING) and costs nothing in others.
 */
#define braid_invariant(name, holds)					\
	WARN_ONCE(IS_ENABLED(CONFIG_PROVE_LOCKING) && !(holds),		\
		  "braid: invariant " name " does not hold\n")

#endif /* BRAID_BLK_INVARIANT_H */
