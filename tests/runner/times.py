# SPDX-License-Identifier: GPL-2.0-only
"""How long things took: a table of each run, and what is known from earlier ones."""

import os
import threading

TABLE = "build/logs/times.tsv"
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                     "braid")


class Times:
    """Lines "unit, kernel, seconds" in build/logs/times.tsv, written as units end, so
    that an interrupted run has them as well."""

    def __init__(self, known=os.path.join(CACHE, "times.tsv")):
        self.known = known
        self.lock = threading.Lock()
        self.seconds = read(known)

    def note(self, unit, kernel, seconds):
        with self.lock:
            self.seconds[unit] = kernel, seconds
            with open(TABLE, "a", encoding="utf-8") as file:
                file.write(line(unit, kernel, seconds))

    def expected(self, units):
        """Of those that an earlier run has measured, together."""
        return sum(self.seconds[unit][1] for unit in units if unit in self.seconds)

    def keep(self):
        """For the next run, in this checkout or another."""
        os.makedirs(os.path.dirname(self.known), exist_ok=True)
        new = f"{self.known}.{os.getpid()}"
        with open(new, "w", encoding="utf-8") as file:
            file.writelines(line(unit, kernel, seconds) for unit, (kernel, seconds)
                            in sorted(self.seconds.items()))
        os.replace(new, self.known)


def line(unit, kernel, seconds):
    return f"{unit}\t{kernel or '-'}\t{seconds:.1f}\n"


def read(path):
    """{unit: (kernel, seconds)}; what cannot be read is not known."""
    found = {}
    try:
        with open(path, encoding="utf-8") as file:
            for each in file:
                unit, kernel, seconds = each.rstrip("\n").split("\t")
                found[unit] = kernel, float(seconds)
    except (OSError, ValueError):
        pass
    return found
