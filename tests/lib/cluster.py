# SPDX-License-Identifier: GPL-2.0-only
"""Volumes on the machines of a lab, driven from the host.

What was acknowledged is noted here, outside the nodes, so that it outlives any of
them. Tests are functions as in ktap.py, but run on the host: run_here().
"""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import ktap

LAB = os.environ.get("LAB", "tests/lab/lab")
PORT = 7700
UUID = "5eed0000-0000-4000-8000-00000000000{}"
SECRET = "/run/lab/secret"
STORE = "/dev/vdb"
LEASE = 8       # seconds
SLOW = 4 if os.environ.get("KERNEL") in ("debug", "um") else 1
PATIENCE = 60 * SLOW


class Refused(Exception):
    """A command failed: its status and output."""

    def __init__(self, done):
        super().__init__(f"{done.args}: {done.returncode}: {done.stderr.strip()}")
        self.status, self.text = done.returncode, done.stderr.strip()


def lab(*words):
    """cut, boot, split, heal, pause, resume."""
    subprocess.run([LAB, *map(str, words)], check=True, stdin=subprocess.DEVNULL,
                   capture_output=True, timeout=400)


def run(node, *command, timeout=PATIENCE, **more):
    """A command in a node: what it printed. Raises Refused."""
    if "input" not in more:
        more["stdin"] = subprocess.DEVNULL
    done = subprocess.run([LAB, "run", str(node), *map(str, command)], text=True,
                          capture_output=True, timeout=timeout, check=False, **more)
    if done.returncode:
        raise Refused(done)
    return done.stdout


def sh(node, script, **more):
    return run(node, "bash", "-ec", script, **more)


def braid(node, words, **more):
    """Runs `braid WORDS` in a node; WORDS is one string."""
    return run(node, "braid", *words.split(), **more)


def braids(*commands):
    """Runs several commands of the tool; stops at the first that fails."""
    return "".join(f"braid {shlex.join(words.split())}\n" for words in commands)


def on_each(nodes, function):
    """Calls function(node) for all nodes in parallel; returns the results in order. To
    reach a node takes its emulated processor longer than most commands."""
    with ThreadPoolExecutor(len(nodes) or 1) as pool:
        return list(pool.map(function, nodes))


def ask(node, words):
    """Runs `braid -j WORDS`; returns the objects."""
    return json.loads(run(node, "braid", "-j", *words.split()))


def refused(node, words, *parts, status=2):
    """The command is refused and the text has all of these parts."""
    try:
        braid(node, words)
    except Refused as error:
        ktap.equal(error.status, status, f"{words}: {error.text}")
        for part in parts:
            ktap.true(part in error.text, f"{words}: said '{error.text}', not '{part}'")
        return error.text
    raise AssertionError(f"'{words}' on node {node} was not refused")


def wait(what, condition, seconds=PATIENCE):
    """Waits until condition() is true; an exception counts as false until the end."""
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() > end
        try:
            if condition():
                return
        except (Refused, subprocess.TimeoutExpired):
            if late:
                raise
        if late:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.3)


def try_all(node, *commands):
    """Calls each function, even if another fails, so that a node that does not answer
    does not hide why a test failed."""
    script = "\n".join(f"{line} || true" for line in braids(*commands).splitlines())
    try:
        sh(node, script)
    except Refused:
        pass    # no power
    except subprocess.TimeoutExpired:
        for words in commands:
            with contextlib.suppress(Refused, subprocess.TimeoutExpired):
                braid(node, words)


def address(node):
    return f"192.168.77.{node}:{PORT}"


def mebibytes(size):
    return int(size.removesuffix("M"))


class Volume:
    """A volume with a voter on each of some nodes: voter N is on node N."""

    def __init__(self, data, witnesses=(), name="db", size="64M", store=STORE, at=address):
        self.data, self.witnesses = tuple(data), tuple(witnesses)
        self.name, self.size, self.store, self.at = name, size, store, at
        self.uuid = UUID.format(len(name) % 10)
        self.device = f"/dev/braid/{name}"

    @property
    def nodes(self):
        return self.data + self.witnesses

    # A line of a shell that makes the file, and commands in words.
    secret_line = f"umask 077; mkdir -p /run/lab; printf %032d 7 >{SECRET}\n"

    def secret(self, node):
        sh(node, self.secret_line)

    def listening(self, node):
        return f"target listen {self.at(node)} secret-file {SECRET}"

    def replica(self, node, *more):
        role = "witness" if node in self.witnesses else f"size {self.size}"
        return " ".join((f"replica create {self.store} volume {self.name} uuid {self.uuid} "
                         f"voter {node} {role} force", *more))

    def listen(self, node):
        sh(node, self.secret_line + braids(self.listening(node)))

    def make_replica(self, node, *more):
        braid(node, self.replica(node, *more))

    def open(self, node):
        """Opens the replica as after a reboot."""
        sh(node, self.secret_line + braids(f"replica open {self.store}", self.listening(node)),
           timeout=2 * PATIENCE)

    def away(self, node):
        """Closes the target and the replica of a node."""
        braid(node, f"target close {self.at(node)}")
        braid(node, f"replica close {self.store}")

    def creation(self):
        """The words of the command that creates the volume."""
        voters = " ".join(f"voter {node}={self.at(node)}" +
                          (",witness" if node in self.witnesses else "")
                          for node in self.nodes)
        return f"volume create {self.name} size {self.size} {voters}"

    def create(self, on=None):
        on_each(self.nodes, lambda node: sh(
            node, self.secret_line + braids(self.replica(node), f"replica open {self.store}",
                                       self.listening(node)), timeout=3 * PATIENCE))
        braid(on or self.nodes[0], self.creation())

    def attachment(self, *more, addresses=None):
        """The words of the command that attaches the volume."""
        where = ",".join(self.at(n) for n in addresses or self.nodes)
        return " ".join((f"volume attach {self.name} from {where} secret-file {SECRET}", *more))

    def attach(self, node, *more, addresses=None):
        sh(node, self.secret_line + braids(self.attachment(*more, addresses=addresses)))

    def written(self, node, count, **more):
        """Attaches on a node and starts a writer; waits for that many acknowledgements."""
        self.attach(node)
        writer = Writer(self, node, **more)
        writer.reaches(count)
        return writer

    def restart(self, *nodes):
        """Does what a boot script does on these nodes, the stores last. Returns a time
        before the last one was opened."""
        for node in nodes:
            self.listen(node)
        for node in nodes:
            begin = time.monotonic()
            braid(node, f"replica open {self.store}")
        return begin

    def refused_for_a_lease(self, node, begin, addresses):
        """Checks that voters opened after BEGIN refuse a writer, since they do not know the
        leases they granted before. On a slow machine the check may come too late."""
        try:
            self.attach(node, addresses=addresses)
        except Refused as error:
            ktap.equal(error.status, 2, error.text)
            ktap.true("its lease runs" in error.text, error.text)
            return
        took = time.monotonic() - begin
        ktap.true(took >= LEASE, f"attached {took:.1f} s after the voters began")
        print(f"# not seen refused: {took:.1f} s had gone by")
        self.detach(node)

    def attach_soon(self, node, *more, seconds=PATIENCE, addresses=None):
        """Attaches as soon as the lease of another writer allows it; returns the seconds."""
        begin = time.monotonic()
        wait(f"attach on node {node}",
             lambda: self.attach(node, *more, addresses=addresses) or True, seconds)
        return time.monotonic() - begin

    def detach(self, node, *more):
        braid(node, f"volume detach {self.name} " + " ".join(more))

    def show(self, node):
        return ask(node, f"volume show {self.name}")[0]

    def why(self, node):
        return braid(node, f"volume why {self.name}").strip()

    def isr(self, node):
        return sorted(self.show(node)["isr"])

    def voter(self, node, voter):
        """The state of a voter as the writer on a node shows it."""
        return next(each for each in self.show(node)["voters"] if each["voter"] == voter)

    def keep(self, node, name):
        """Copies a node's store for all nodes, while nothing is written. It may be open."""
        sh(node, f"""
            at=$(od -An -t u8 -j 56 -N 8 {self.store})
            dd if={self.store} iflag=direct bs=1M status=none \\
                count=$(((at >> 20) + {mebibytes(self.size)})) | gzip -1 >/exchange/{name}
        """, timeout=PATIENCE * 3)

    def bring(self, node, name, store=None):
        """Replaces the content of a closed store by the copy."""
        sh(node, f"""
            gunzip </exchange/{name} |
                dd of={store or self.store} oflag=direct iflag=fullblock bs=1M status=none
        """, timeout=PATIENCE * 3)

    def reboot(self, node):
        """Boots a node and does what a boot script does."""
        lab("boot", node)
        self.open(node)

    def digest(self, node):
        """Digest of the data of a node's replica, read from its store. The record has the
        offset of the data at byte 56."""
        return sh(node, f"""
            blockdev --flushbufs {self.store}
            at=$(od -An -t u8 -j 56 -N 8 {self.store})
            tail -c +$((at + 1)) {self.store} | head -c {mebibytes(self.size) << 20} | sha256sum
        """, timeout=PATIENCE * 3).split()[0]

    def alike(self, *nodes):
        """Checks that the replicas on these nodes hold the same bytes, without a writer."""
        digests = dict(zip(nodes, on_each(nodes, self.digest)))
        ktap.equal(len(set(digests.values())), 1, f"digests {digests}")

    def numbers(self, node, blocks, device=None):
        """The content of each block: a number, 0, or None if it is torn."""
        out = run(node, "python3", "-B", "/tests/lib/blocks.py", "read",
                  device or self.device, blocks)
        return [None if number == "torn" else int(number)
                for _, number in map(str.split, out.splitlines())]

    def once(self, node, block, number):
        run(node, "python3", "-B", "/tests/lib/blocks.py", "once", self.device, block, number)

    def remove(self):
        """Removes everything, in any state; for the end of a test."""
        lab("heal")
        # Detach writers first, while the voters still answer them.
        on_each(self.nodes, lambda node: try_all(node, f"volume detach {self.name} force"))
        on_each(self.nodes, lambda node: try_all(
            node, f"target close {self.at(node)}", f"replica close {self.store}",
            f"replica del {self.store}"))

    @contextlib.contextmanager
    def made(self):
        try:
            self.create()
            yield self
        finally:
            self.remove()


class Writer:
    """Writes numbered blocks on a node without end; the log is on the host."""

    def __init__(self, volume, node, blocks=64, seed=1, flush=0):
        self.node, self.blocks = node, blocks
        self.asked, self.acknowledged, self.flushed = {}, {}, {}
        self.count, self.error, self.ended = 0, None, False
        self.process = subprocess.Popen(
            [LAB, "run", str(node), "python3", "-Bu", "/tests/lib/blocks.py", "write",
             volume.device, str(blocks), str(seed), str(flush)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        for line in self.process.stdout:
            word, *numbers = line.split()
            if not line.endswith("\n"):
                break
            if word == "w":
                block, number = map(int, numbers)
                self.asked.setdefault(block, []).append(number)
            elif word == "a":
                block, number = map(int, numbers)
                self.acknowledged[block] = number
                self.count += 1
            elif word == "f":
                self.flushed = dict(self.acknowledged)
            elif word == "e":
                self.error = int(numbers[0])
        self.ended = True

    def reaches(self, count, seconds=PATIENCE):
        """Waits for that many more acknowledgements."""
        wanted = self.count + count
        wait(f"{count} acknowledgements", lambda: self.count >= wanted or self.ended, seconds)
        ktap.true(self.count >= wanted, f"the writer ended with {self.error}")

    def stands(self, seconds=3):
        """Checks that nothing is acknowledged for that many seconds, once the log is up to date."""
        def told():
            before = self.count
            time.sleep(1)
            return self.count == before

        wait("the end of acknowledgements", told)
        before = self.count
        time.sleep(seconds)
        ktap.equal(self.count, before, "acknowledgements while nothing may be acknowledged")

    def stop(self):
        """Stops it; the log is complete then, unless its node has no power."""
        with contextlib.suppress(Refused, subprocess.TimeoutExpired):
            run(self.node, "pkill", "-KILL", "-f", "lib/blocks.py", timeout=20)
        self.thread.join(5)
        self.process.kill()
        self.thread.join(10)

    def check(self, found, what="acknowledged"):
        """Checks that each block holds its last acknowledged write, or a later one. The log
        may lack the last writes of a node that lost power."""
        log = getattr(self, what)
        newest = max((numbers[-1] for numbers in self.asked.values()), default=0)
        for block in range(self.blocks):
            asked = self.asked.get(block, [])
            last = log.get(block, 0)
            allowed = [number for number in [0, *asked] if number >= last]
            ktap.true(found[block] is not None and
                      (found[block] in allowed or newest < found[block] < newest + 100),
                      f"block {block} holds {found[block]}, {what} was {last}")


def run_here(file):
    """Runs all tests of the file on the host; ends the process."""
    told = os.environ.pop("LAB", None)
    try:
        ktap.run(file, lambda: contextlib.nullcontext(()))
    finally:
        if told:
            os.environ["LAB"] = told
        sys.stdout.flush()
