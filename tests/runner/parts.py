# SPDX-License-Identifier: GPL-2.0-only
"""Which tests there are, and what each needs."""

import glob
import os
import re
from collections import deque
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch

TIMEOUT = 300
# What tests that run for a set time are told, see `make soak`.
LONGER = int(os.environ.get("FUZZ_SECONDS") or 0)
KERNELS = ("debug", "um", "stock", "6.12")
LAB_KERNELS = ("debug", "um", "stock")
WORTH_A_BOOT = 3    # tests left in a group when a second lab comes to help
PROCESS = "um"      # the test kernel that is a process
LATE = 60           # seconds from a test's timeout to that of its kernel


class BadHeader(Exception):
    pass


@dataclass
class Test:
    """A test file on one kernel, or a KUnit module."""
    name: str              # part/file or part/file@kernel
    command: list          # of a KUnit suite none
    timeout: int = TIMEOUT
    needs: tuple = ()
    labs: int = 1
    kernel: str = ""
    nodes: int = 0         # of the lab the runner boots for it
    cpus: int = 1          # of each node
    env: dict = field(default_factory=dict)
    inputs: tuple = ()     # what its result depends on, see results.py
    long: str = ""         # "world" or "kernel": why it is left to LONG=1, see tiers.py
    boot: str = ""         # the part whose labs it shares


@dataclass
class Group:
    """Tests that share one boot of a lab, or of two: whichever is free takes the
    next one."""
    kernel: str
    nodes: int
    cpus: int
    part: str
    tests: deque = field(default_factory=deque)    # not begun yet
    needs: tuple = ()
    least: int = 1         # so many must wait for a lab of this to be worth it
    lane: str = ""         # tells the second lab's logs from the first one's

    @property
    def name(self):
        cpus = f"c{self.cpus}" if self.cpus > 1 else ""
        return f"{self.part}@{self.kernel}x{self.nodes}{cpus}{self.lane}"


@dataclass
class Suites:
    """KUnit suites that share one boot of the test kernel as a process."""
    tests: list
    part: str = "kunit"

    @property
    def name(self):
        return f"{self.part}@{PROCESS}"

    @property
    def suites(self):
        return [test.name.removeprefix(f"{self.part}/") for test in self.tests]

    @property
    def needs(self):
        return tuple({need for test in self.tests for need in test.needs})


def header(path, word):
    """The settings in the comment "# word: key=value ..." at a file's head."""
    with open(path, encoding="utf-8") as file:
        head = [file.readline() for _ in range(20)]
    settings = {}
    for line in head:
        found = re.match(rf"(?:#| \*) {word}: (.*)", line)
        if found:
            for setting in found.group(1).split():
                key, separator, value = setting.partition("=")
                if not separator:
                    raise BadHeader(f"{path}: '{setting}' is not key=value")
                settings[key] = value
    return settings


def take(settings, path, **defaults):
    """The settings over their defaults; an unknown one is an error."""
    for key in settings:
        if key not in defaults:
            raise BadHeader(f"{path}: unknown setting '{key}'")
    values = {**defaults, **settings}
    for key, default in defaults.items():
        if isinstance(default, int):
            try:
                values[key] = int(values[key])
            except ValueError:
                raise BadHeader(f"{path}: {key}={values[key]} is no number") from None
    return values


def words(setting):
    return tuple(filter(None, setting.split(",")))


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def host_tests(part, pattern, needs):
    for path in sorted(glob.glob(pattern)):
        if not os.access(path, os.X_OK):
            continue
        settings = take(header(path, "test"), path, timeout=TIMEOUT, labs=1, needs="",
                        inputs="")
        yield Test(f"{part}/{stem(path)}", [path], settings["timeout"],
                   needs + words(settings["needs"]), settings["labs"],
                   inputs=words(settings["inputs"]))


def static_tests():
    return host_tests("static", "tests/static/*.*", ("checkers",))


def tool_tests():
    """The tool against a kernel that its test plays."""
    if os.path.exists("tools/braid/test/run"):
        yield Test("tool/words", ["tools/braid/test/run"], TIMEOUT, ("tool",),
                   inputs=("tools/braid", "include/uapi", "dkms.conf"))


def sim_tests():
    """The parts of the simulated cluster that need no kernel."""
    return host_tests("sim", "tests/sim/*_test.py", ())


def model_tests():
    """The model of the volume protocol; it searches by itself beside labs."""
    if os.path.exists("tests/model/run"):
        yield Test("model/volume", ["tests/model/run"], 3600, ("checkers",),
                   env={"MODEL_WORKERS": "1"}, inputs=("tests/model",))


def lab_tests():
    return host_tests("lab", "tests/lab/test/*.sh", ("modules-stock", "tool", "root"))


def kunit_tests():
    """All suites on the test kernel as a process; cases that need several processors,
    and are skipped there, on the emulated one, in the scenarios' boot."""
    for path in sorted(glob.glob("tests/kunit/*_test.c")):
        name = stem(path).removesuffix("_test")
        settings = take(header(path, "kunit"), path, smp="")
        yield Test(f"kunit/{name}", [], TIMEOUT, (f"modules-{PROCESS}",), 1, PROCESS)
        if settings["smp"]:
            yield Test(f"kunit/{name}@debug",
                       ["tests/runner/kunit.sh", f"{name}_test", settings["smp"]], TIMEOUT,
                       ("modules-debug", "root"), 1, "debug", 1, 2, boot="scenarios")


def worlds_of(settings, kernel):
    """The test kernels are slower: they may be given fewer of them."""
    fewer = kernel != "stock" and settings["test_worlds"]
    return (fewer or settings["worlds"]).split(",")


def processors(settings, kernel):
    """What the emulated test kernel with one finds, the one that is a process finds."""
    least = 2 if kernel == "debug" and settings["nodes"] == 1 else 1
    return max(settings["cpus"], least)


def why_long(settings, kernel, world):
    if kernel in words(settings["long_kernels"]):
        return "kernel"
    return "world" if world and world in words(settings["long_worlds"]) else ""


def kernels_of(settings, path):
    kernels = settings["kernel"].split(",")
    for kernel in kernels:
        if kernel not in LAB_KERNELS:
            raise BadHeader(f"{path}: no lab kernel '{kernel}'")
    if PROCESS in kernels and (settings["nodes"] > 1 or not path.endswith(".py")):
        raise BadHeader(f"{path}: on {PROCESS} there is one node, and no shell file")
    return sorted(kernels, key=LAB_KERNELS.index)


def node_test(part, path, settings, kernel, world):
    """In the lab that the runner boots for it and others, or in a boot of its own of the
    kernel that is a process."""
    test = Test(f"{part}/{stem(path)}@{kernel}{'/' if world else ''}{world}", [path],
                settings["timeout"] + LONGER,
                (f"modules-{kernel}", "tool", "root", *words(settings["needs"])),
                kernel=kernel, env={"WORLD": world} if world else {},
                long=why_long(settings, kernel, world), boot="scenarios")
    if kernel == PROCESS:
        return replace(test, command=["tests/lab/um", "scenario", "--clock",
                                      settings["clock"], "--timeout",
                                      str(test.timeout + LATE), path])
    return replace(test, nodes=settings["nodes"], cpus=processors(settings, kernel))


def node_tests(part):
    """Files that run in a node."""
    for path in sorted(glob.glob(f"tests/{part}/*.*")):
        if not os.access(path, os.X_OK):
            continue
        settings = take(header(path, "lab"), path, kernel="stock,debug", nodes=1,
                        cpus=1, worlds="", test_worlds="", timeout=TIMEOUT,
                        needs="", long_worlds="", long_kernels="", clock="skipping")
        for kernel in kernels_of(settings, path):
            for world in worlds_of(settings, kernel):
                yield node_test(part, path, settings, kernel, world)


def demo_tests():
    for name, script in (("network", "tests/demo"), ("volumes", "tests/demo-volumes")):
        if os.path.exists(script):
            yield Test(f"demo/{name}", ["tests/runner/demo.sh", script], 900,
                       ("modules-stock", "tool", "root"))


def all_tests():
    # Long ones first, so that the short ones fill the second half of the machine.
    return [*model_tests(), *node_tests("scenarios"), *node_tests("fuzz"), *demo_tests(),
            *lab_tests(), *kunit_tests(), *tool_tests(), *sim_tests(), *static_tests()]


def matches(name, pattern):
    """A part of the name, or a glob of all of it; of several, any."""
    return any(one in name or fnmatch(name, one) for one in pattern.split(","))


def grouped(tests):
    """Tests as they are run: by themselves, or in groups that share a boot. Last
    comes what helps a long group when the rest of the machine has nothing to do."""
    groups, units = {}, []
    suites = [test for test in tests if not test.command]
    if suites:
        units.append(Suites(suites))
    for test in tests:
        if not test.command:
            continue
        if not test.nodes:
            units.append(test)
            continue
        key = (test.boot, test.kernel, test.nodes, test.cpus)
        if key not in groups:
            groups[key] = Group(test.kernel, test.nodes, test.cpus, key[0])
            units.append(groups[key])
        groups[key].tests.append(test)
    for group in groups.values():
        group.needs = tuple({need for test in group.tests for need in test.needs})
    helpers = [replace(group, least=WORTH_A_BOOT, lane="-2") for group in groups.values()
               if len(group.tests) > WORTH_A_BOOT]
    return units + helpers


# What must be made before: name, command, what it needs, whether it takes the
# whole machine.
# One thing at a time installs packages.
def preparations():
    yield "checkers", ["scripts/deps", "check"], (), False
    yield "packages", ["tests/lab/deps"], ("checkers",), False
    for kernel in KERNELS:
        yield (f"kernel-{kernel}", ["tests/lab/kernel", "get", kernel], ("packages",),
               False)    # its builder is nice to what runs beside it
        yield (f"modules-{kernel}", ["scripts/build-modules", kernel],
               (f"kernel-{kernel}",), False)
    yield "tool", ["scripts/build-tool"], ("checkers",), False
    yield "root", ["tests/lab/rootfs"], ("packages",), False
    # The kernel's own netlink client is in its source.
    yield "spec", ["tests/runner/spec.sh"], ("packages",), False
