# SPDX-License-Identifier: GPL-2.0-only
"""The state of a namespace as each family shows it."""

import errno

import netlink as nl
from ktap import equal, true
from spec import parsed
from talk import Watcher


class Configuration(Watcher):
    """The objects of a namespace."""

    def generation(self):
        code, bodies = self.talker.ask(self.spec.operations["status"].number, [])
        if code:
            raise AssertionError(f"status: {errno.errorcode.get(code, code)}")
        return parsed(self.spec, "braid", bodies[0])["generation"]

    def listing(self, kind):
        """All objects of a kind."""
        return [each[kind] for each in self.listed("get", nl.u32(
            self.spec.sets["braid"]["object"].number, self.spec.kinds.index(kind)))]

    def state(self):
        """Generation and all objects."""
        return self.generation(), {kind: self.listing(kind) for kind in self.spec.kinds}

    def flows(self):
        return [each["flow"] for each in self.listed("flow-get")]


class Volumes(Watcher):
    """The state of volumes on this node that does not change by itself."""

    def replicas(self):
        # A witness learns of the size when the volume is made.
        return {each["path"]: (each["volume"], each["uuid"], each["voter"],
                               each.get("witness") or each["size"])
                for each in self.listed("replica-get-all")}

    def targets(self):
        return {(each["address"]["ip"], each["address"]["port"])
                for each in self.listed("target-get-all")}

    def volumes(self):
        return {each["name"]: (each["uuid"], each["size"])
                for each in self.listed("volume-get-all")}

    def state(self):
        return {"replica": self.replicas(), "target": self.targets(),
                "volume": self.volumes()}

    def check(self, path):
        """The content of a store; None if it has no replica."""
        operation = self.spec.operations["replica-check"]
        code, bodies = self.talker.ask(operation.number, [self.spec.piece(
            "replica", "path", path.encode() + b"\0")])
        if code:
            true(code in (errno.ENOENT, errno.ENODATA, errno.EINVAL), f"check {path}: {code}")
            return None
        said = parsed(self.spec, "replica", bodies[0])
        equal(said["faults"], 0, f"faults of {path}: {said.get('fault')}")
        return {word: said.get(word) for word in ("volume", "uuid", "voter", "size",
                                                  "witness", "state", "isr")}
