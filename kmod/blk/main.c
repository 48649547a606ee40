// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

static int __init braid_blk_module_init(void)
{
	return 0;
}

static void __exit braid_blk_module_exit(void)
{
}

module_init(braid_blk_module_init);
module_exit(braid_blk_module_exit);

MODULE_DESCRIPTION("braid: replicated volumes");
MODULE_AUTHOR("The braid authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BRAID_VERSION);
MODULE_ALIAS_GENL_FAMILY("braid_blk");
