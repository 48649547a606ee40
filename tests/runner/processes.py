# SPDX-License-Identifier: GPL-2.0-only
"""Processes that never outlive the runner.

Each command gets a process group of its own. A reaper, a child that reads the
numbers of the living groups from a pipe, kills what is left when the pipe ends:
that is when the runner is gone, whatever it died of.
"""

import os
import signal
import subprocess
import threading
import time

GRACE = 10    # seconds from SIGTERM to SIGKILL


class Stopped(Exception):
    """The runner is ending; nothing new is started."""


class Reaper:
    def __init__(self):
        reading, self.pipe = os.pipe()
        if os.fork() == 0:
            os.close(self.pipe)
            reap(reading)
            os._exit(0)
        os.close(reading)
        os.set_inheritable(self.pipe, False)

    def tell(self, sign, group):
        os.write(self.pipe, f"{sign}{group}\n".encode())


def reap(pipe):
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = set()
    with os.fdopen(pipe) as lines:
        for line in lines:
            group = int(line[1:])
            (groups.add if line[0] == "+" else groups.discard)(group)
    for number, pause in ((signal.SIGTERM, 3), (signal.SIGKILL, 0)):
        for group in groups:
            kill_group(group, number)
        if groups:
            time.sleep(pause)


def kill_group(group, number):
    try:
        os.killpg(group, number)
        return True
    except ProcessLookupError:
        return False


def end_group(group):
    """Nothing of the group is left when this returns."""
    if not kill_group(group, signal.SIGTERM):
        return
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        if not kill_group(group, 0):
            return
        time.sleep(0.05)
    kill_group(group, signal.SIGKILL)


class Processes:
    """Starts commands, and ends all of them at once."""

    def __init__(self):
        self.reaper = Reaper()
        self.lock = threading.Lock()
        self.groups = set()
        self.stopping = False

    def run(self, command, log, timeout, env=None, stdin=subprocess.DEVNULL):
        """The command's status, its output appended to the open file log; None
        when it ran out of time. Ends with its whole group."""
        with self.lock:
            if self.stopping:
                raise Stopped
            process = subprocess.Popen(
                command, stdin=stdin, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})}, start_new_session=True)
            self.groups.add(process.pid)
            self.reaper.tell("+", process.pid)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # Also what the leader has left behind.
            self.end(process)

    def end(self, process):
        end_leader = threading.Thread(target=process.wait)
        end_leader.start()
        end_group(process.pid)
        end_leader.join()
        with self.lock:
            self.groups.discard(process.pid)
            self.reaper.tell("-", process.pid)

    def stop(self):
        """No new command; those that run get SIGTERM."""
        with self.lock:
            self.stopping = True
            groups = list(self.groups)
        for group in groups:
            kill_group(group, signal.SIGTERM)
