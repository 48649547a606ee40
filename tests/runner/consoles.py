# SPDX-License-Identifier: GPL-2.0-only
"""The consoles of a lab's nodes: what they complained about, and their end."""

import os

from runner.splats import complaints

TAIL = 30
EXCERPT = 40    # lines from a complaint on, which are mostly its trace


class Consoles:
    """The consoles of every lab below a directory. Reading goes on where it
    stopped, so each complaint belongs to the test that ran when it came."""

    def __init__(self, directory):
        self.directory = directory
        self.offsets = {}

    def files(self):
        found = []
        for folder, _, names in os.walk(self.directory):
            found += [os.path.join(folder, name) for name in names
                      if name.endswith(".console")]
        return sorted(found)

    def new_complaints(self):
        """(file, lines from the first complaint on) since the last call."""
        found = []
        for path in self.files():
            with open(path, "rb") as file:
                start = self.offsets.get(path, 0)
                if os.fstat(file.fileno()).st_size < start:
                    start = 0    # another lab in the same place
                file.seek(start)
                text = file.read()
            # A line that is still being written belongs to the next call.
            text = text[:text.rfind(b"\n") + 1]
            self.offsets[path] = start + len(text)
            lines = text.decode("utf-8", "replace").splitlines()
            first = next(complaints(lines), None)
            if first:
                found.append((path, lines[first[0] - 1:first[0] - 1 + EXCERPT]))
        return found

    def tails(self):
        """(file, its last lines) of each console."""
        for path in self.files():
            with open(path, encoding="utf-8", errors="replace") as file:
                yield path, file.read().splitlines()[-TAIL:]
