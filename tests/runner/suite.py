# SPDX-License-Identifier: GPL-2.0-only
"""Run units side by side, each after what it needs."""

import os
import queue
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from runner import ktap, parts, results
from runner.consoles import Consoles
from runner.labs import LABS, Lab, lab_directory
from runner.processes import Stopped
from runner.times import Times
from runner.suites import DIED, LEAKS, Boots

LOGS = "build/logs"
SLOTS = 2              # processors to expect, and labs at one time
PREPARE_TIMEOUT = 3600


class Work:
    """Something to run: how much of the machine it takes and what it needs."""

    def __init__(self, name, run, needs=(), slots=1, units=()):
        self.name = name
        self.units = units    # of times.py, for how long it is expected to take
        self.run = run
        self.needs = needs
        self.slots = slots


class Suite:
    def __init__(self, processes, progress):
        self.processes = processes
        self.progress = progress
        self.total = ktap.Report()
        self.done = {}      # name of a preparation: did it succeed
        self.took = {}      # name of a unit: seconds
        self.times = Times()
        self.ended = queue.SimpleQueue()    # names of units

    def run(self, tests):
        units = parts.grouped(tests)
        works = [self.work(unit) for unit in units]
        # What takes the whole machine first: later it would wait for an idle one. Then
        # what took long before, so that the run does not end with it alone.
        works.sort(key=lambda work: (-work.slots, -self.times.expected(work.units)))
        waiting = self.preparations(tests) + works
        running = {}
        try:
            while waiting or running:
                self.start_what_can(waiting, running)
                self.progress.waiting = len(waiting)
                self.progress.heartbeat()
                # Not join() with a timeout: interrupted, it takes the thread
                # for ended.
                try:
                    running.pop(self.ended.get(timeout=1))
                except queue.Empty:
                    pass
            self.times.keep()
        except KeyboardInterrupt:
            self.processes.stop()
            for thread, _ in running.values():
                thread.join()
            raise

    def start_what_can(self, waiting, running):
        free = SLOTS - sum(slots for _, slots in running.values())
        for work in list(waiting):
            if any(need not in self.done for need in work.needs):
                continue
            # What takes the whole machine goes first or last: to wait for it would
            # leave half of the machine idle while a long group ends.
            if work.slots > free:
                continue
            waiting.remove(work)
            free -= work.slots
            thread = threading.Thread(target=self.guarded, args=(work,), name=work.name)
            running[work.name] = thread, work.slots
            thread.start()

    def guarded(self, work):
        """Whatever happens in a unit is its own failure, never silence."""
        begin = time.monotonic()
        try:
            failed = [need for need in work.needs if not self.done[need]]
            if failed:
                self.total.fail(f"{work.name}: needs {failed[0]}, which failed")
                self.progress.say(f"FAILED  {work.name}: needs {failed[0]}, which failed")
                self.done[work.name] = False
            else:
                work.run()
        except Stopped:
            pass
        except Exception as error:    # the runner's own bug must not pass
            self.total.fail(f"{work.name}: the runner failed: {error!r}")
            self.progress.say(f"FAILED  {work.name}: the runner failed: {error!r}")
            self.done.setdefault(work.name, False)
        self.took[work.name] = time.monotonic() - begin
        self.ended.put(work.name)

    # --- what must be made before -------------------------------------------

    def preparations(self, tests):
        known = {name: (command, needs, whole)
                 for name, command, needs, whole in parts.preparations()}
        wanted = set()

        def want(name):
            if name not in known:
                raise parts.BadHeader(f"nothing makes '{name}', which a test needs")
            if name not in wanted:
                wanted.add(name)
                for need in known[name][1]:
                    want(need)

        for test in tests:
            for need in test.needs:
                want(need)
        works = []
        for name, (command, needs, whole) in known.items():
            if name in wanted and name not in self.done:
                works.append(Work(name, lambda n=name, c=command: self.prepare(n, c),
                                  needs, SLOTS if whole else 1))
        return works

    def prepare(self, name, command):
        path = log_of(f"prepare-{name}")
        begin = time.monotonic()
        with open(path, "wb") as log:
            self.progress.start(name, path)
            status = self.processes.run(command, log, PREPARE_TIMEOUT)
        if self.processes.stopping:
            raise Stopped
        self.times.note(name, "", time.monotonic() - begin)
        fault = "" if status == 0 else f"{' '.join(command)} {ending(status)}"
        if fault:
            self.total.fail(f"{name}: {fault}")
        self.progress.prepared(name, fault, path)
        self.done[name] = not fault

    # --- tests --------------------------------------------------------------

    def work(self, unit):
        if isinstance(unit, parts.Group):
            # What helps a group comes last.
            units = [] if unit.lane else [test.name for test in unit.tests]
            return Work(unit.name, lambda: self.run_group(unit), unit.needs, units=units)
        if isinstance(unit, parts.Suites):
            return Work(unit.name, lambda: self.run_suites(unit), unit.needs,
                        units=[test.name for test in unit.tests])
        return Work(unit.name, lambda: self.run_alone(unit), unit.needs,
                    min(unit.labs, SLOTS), [unit.name])

    def run_alone(self, test):
        key = results.key_of(test)
        known = results.found(key)
        if known is not None:
            self.pass_again(test, known)
        elif self.run_by_itself(test):
            results.remember(key, test, log_of(test.name))

    def pass_again(self, test, known):
        """What the test printed when it had the same input, and passed."""
        path = log_of(test.name)
        with open(path, "w", encoding="utf-8") as log:
            log.write(known)
        self.progress.start(test.name, path)
        report = ktap.parse(known.splitlines())
        report.cached = True
        self.finish(test.name, report, path, Consoles(os.devnull))

    def run_by_itself(self, test):
        """True when everything passed, and nothing was skipped."""
        directory = lab_directory(test.name)
        env = {"LAB": os.path.abspath("tests/lab/lab"),
               "LAB_DIR": os.path.join(directory, "lab")}
        report = self.run_test(test, env, Consoles(directory))
        if not os.listdir(directory):
            os.rmdir(directory)
        return not report.failed and not report.skipped

    def run_test(self, test, env, consoles):
        """One test file: its ktap.Report."""
        path = log_of(test.name)
        begin = time.monotonic()
        with open(path, "wb") as log:
            self.progress.start(test.name, path)
            status = self.processes.run(test.command, log, test.timeout, {**env, **test.env})
        self.times.note(test.name, test.kernel, time.monotonic() - begin)
        with open(path, encoding="utf-8", errors="replace") as log:
            report = ktap.parse(log)
        if self.processes.stopping:
            raise Stopped
        if status is None:
            report.fail(f"ran out of time ({test.timeout} s)")
        elif test.kernel == parts.PROCESS and status == DIED:
            report.fail("the kernel ended in it")
        elif status != 0 and not report.failed:
            report.fail(f"no test failed, but it {ending(status)}")
        self.finish(test.name, report, path, consoles)
        return report

    def finish(self, name, report, path, consoles):
        complaints = consoles.new_complaints()
        if complaints:
            report.fail("the kernel complained")
            with open(path, "a", encoding="utf-8") as log:
                for file, lines in complaints:
                    log.write(f"\nthe kernel complained in {file}:\n")
                    log.writelines(f"{line}\n" for line in lines)
        self.progress.end(name, report, path)
        if report.failed:
            self.progress.show_consoles(consoles)
        self.count(name, report)

    def count(self, name, report):
        for test in report.tests:
            test.name = f"{name}: {test.name}"
        self.total.tests += report.tests

    def run_suites(self, unit):
        directory = lab_directory(unit.name)
        path = log_of(unit.name)
        whole = ktap.Report()
        with open(path, "wb") as log:
            self.progress.start(unit.name, path)
            for part in Boots(self.processes, directory, log).run(unit.suites):
                if self.processes.stopping:
                    raise Stopped
                if part.name == LEAKS:
                    whole.tests.append(ktap.Test("nothing is leaked", failed=part.failed))
                else:
                    self.finish_suite(f"{unit.part}/{part.name}", part)
        self.finish(unit.name, whole, path, Consoles(directory))

    def finish_suite(self, name, part):
        path = log_of(name)
        with open(path, "w", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in part.lines)
        self.times.note(name, parts.PROCESS, part.took)
        self.progress.end(name, part.report, path, part.took)
        self.count(name, part.report)

    def run_group(self, group):
        if len(group.tests) < group.least:
            return
        directory = lab_directory(group.name)
        consoles = Consoles(directory)
        path = log_of(group.name)
        with open(path, "wb") as log:
            lab = Lab(self.processes, group, directory, log)
            self.progress.start(group.name, path)
            report = ktap.Report()
            try:
                self.run_tests_in(lab, group, consoles, report)
            finally:
                # When the runner stops, the lab ends with its process.
                if not self.processes.stopping:
                    lab.down()
            if self.processes.stopping:
                raise Stopped
        self.finish(group.name, report, path, consoles)

    def run_tests_in(self, lab, group, consoles, report):
        clean = False
        # Another lab may take from the same ones.
        for test in taken(group.tests):
            if not clean and not self.reboot(lab):
                for missed in (test, *taken(group.tests)):
                    report.fail(f"{missed.name}: not run, its lab did not boot")
                return
            clean = not self.run_test(test, lab.env, consoles).failed
        # After a failure the nodes are not expected to be clean.
        if not clean:
            return
        begin = time.monotonic()
        lab.log.write(b"unloading the modules, looking for what they lost\n")
        lab.log.flush()
        with ThreadPoolExecutor(group.nodes) as pool:
            for node, passed in zip(lab.nodes(),
                                    pool.map(lab.unloads_without_leak, lab.nodes())):
                name = f"node{node}: the modules unload and nothing is leaked"
                report.tests.append(ktap.Test(name, failed=not passed))
        self.times.note(f"unload {group.name}", group.kernel, time.monotonic() - begin)

    def reboot(self, lab):
        if lab.boots:
            lab.down()
        begin = time.monotonic()
        booted = lab.up()
        self.times.note(f"boot {lab.group.name}", lab.group.kernel, time.monotonic() - begin)
        return booted


def taken(tests):
    """One after the other of a deque, until nothing is left."""
    with suppress(IndexError):
        while True:
            yield tests.popleft()


def ending(status):
    if status is None:
        return "ran out of time"
    if status < 0:
        return f"was ended by signal {-status}"
    return f"ended with status {status}"


def log_of(name):
    return os.path.join(LOGS, name.replace("/", "-") + ".log")


def fresh_logs():
    """Nothing of an earlier run is taken for one of this."""
    for directory in (LOGS, LABS):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory, exist_ok=True)
