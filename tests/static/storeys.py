# SPDX-License-Identifier: GPL-2.0-only
"""The folders of each module from top to bottom. Folders of one storey know nothing
of each other; what stands beside the folders is the roof."""

STOREYS = {
    "net": (("netlink",), ("config",), ("hook",), ("overlay",), ("packet",), ("model",)),
    "blk": (("netlink",), ("control",), ("io",), ("volume", "target"), ("replica",),
            ("transport",), ("store",), ("proto",)),
}


def place_of(path):
    """The module of a file, its folder, and the storey where that stands: 0 is the
    roof, None a folder that STOREYS does not know."""
    _, module, *rest = path.split("/")
    folder = rest[0] if len(rest) > 1 else ""
    for storey, folders in enumerate(STOREYS.get(module, ()), 1):
        if folder in folders:
            return module, folder, storey
    return module, folder, None if folder else 0


def goes_up(path, target):
    """Does a file reach what does not stand below its folder, or in no storey?"""
    module, folder, storey = place_of(path)
    of, other, below = place_of(target)
    if None in (storey, below):
        return True
    return of == module and other != folder and below <= storey
