# SPDX-License-Identifier: GPL-2.0-only
"""What the user sees while the tests run."""

import os
import sys
import threading
import time

HEARTBEAT = 30    # seconds of silence before a line says what goes on
SHOWN = 60        # lines of a failed test


def duration(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Progress:
    def __init__(self):
        self.begin = time.monotonic()
        self.lock = threading.Lock()
        self.running = {}    # name: when it began, its log
        self.last = self.begin
        self.waiting = 0

    def say(self, text):
        with self.lock:
            self.print(text)

    def print(self, text):
        now = time.monotonic()
        self.last = now
        print(f"[{duration(now - self.begin):>5}] {text}", flush=True)

    def start(self, name, log):
        with self.lock:
            self.running[name] = time.monotonic(), log
            self.print(f"start   {name}")

    def prepared(self, name, fault, log):
        """The end of something that is no test; fault: what went wrong."""
        with self.lock:
            took = time.monotonic() - self.running.pop(name)[0]
            if not fault:
                self.print(f"ready   {name} in {duration(took)}")
                return
            self.print(f"FAILED  {name}: {fault}")
            self.show_log(log)

    def end(self, name, outcome, log, took=None):
        """outcome: a ktap.Report; the details of a failure stand in the log. took: in
        seconds, for what was not started by itself."""
        with self.lock:
            if took is None:
                took = duration(time.monotonic() - self.running.pop(name)[0])
            else:
                took = f"{took:.1f} s"
            counts = f"{outcome.passed} passed"
            if outcome.failed:
                counts += f", {outcome.failed} failed"
            if outcome.skipped:
                counts += f", {outcome.skipped} skipped"
            if outcome.cached:
                counts += " (cached)"
            verdict = "FAILED " if outcome.failed else "ok     "
            self.print(f"{verdict} {name}: {counts} in {took}")
            for test in outcome.tests:
                if test.skipped:
                    print(f"        skipped: {test.name}: {test.skipped}", flush=True)
            if outcome.failed:
                self.show_failure(outcome, log)

    def show_failure(self, outcome, log):
        for test in outcome.tests:
            if test.failed:
                print(f"        not ok: {test.name}")
        self.show_log(log)

    def show_log(self, log):
        for line in failure_lines(log)[-SHOWN:]:
            print(f"        | {line}")
        print(f"        log: {log}", flush=True)

    def show_consoles(self, consoles):
        with self.lock:
            for path, lines in consoles.tails():
                print(f"        end of {path}:")
                for line in lines:
                    print(f"        | {line}")
            sys.stdout.flush()

    def heartbeat(self):
        with self.lock:
            now = time.monotonic()
            if now - self.last < HEARTBEAT or not self.running:
                return
            self.print(f"...     {self.waiting} waiting, running:")
            for name, (begin, log) in self.running.items():
                print(f"        {name} ({duration(now - begin)}) {last_line(log)}",
                      flush=True)


def last_line(log):
    with open(log, "rb") as file:
        file.seek(max(0, os.path.getsize(log) - 500))
        lines = file.read().decode("utf-8", "replace").split("\n")
    return next((line[:100] for line in reversed(lines) if line.strip()), "")


def failure_lines(log):
    """Of a log: each failed line with the diagnostics before it, or its end."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    shown, diagnostics = [], []
    for line in lines:
        text = line.lstrip()
        if text.startswith("not ok"):
            shown += diagnostics[-SHOWN // 2:] + [line]
            diagnostics = []
        elif text.startswith(("ok ", "1..", "KTAP ")):
            diagnostics = []
        else:
            diagnostics.append(line)
    return shown + diagnostics[-SHOWN // 2:] or lines[-SHOWN:]
