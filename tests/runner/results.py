# SPDX-License-Identifier: GPL-2.0-only
"""Results of tests that depend on nothing but files: same input, same result.

A test file names what it reads in its header, "inputs=PATH,PATH"; "." is every file of
the project, "cache:PATH" something in the project's cache. The key covers these, the
runner, the test file itself, the host's packages, and the kernels that the test needs.
Only a test of which everything passed is remembered; CHECK_FRESH=1 remembers, too, and
looks nothing up.
"""

import hashlib
import os
import re
import subprocess
import sys
import time

from runner.times import CACHE

RESULTS = os.path.join(CACHE, "results")
KEPT_DAYS = 60
RUNNER = ("tests/run", "tests/runner", "tests/ktap.sh", "tests/lib/ktap.py",
          "tests/static/files.sh")
# What changes how compilers and tests behave.
VARIABLES = ("CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "MODEL_SECONDS", "PATH", "LC_ALL", "LANG")
KERNEL_FILES = (".config", "Module.symvers", "include/config/kernel.release",
                "include/generated/autoconf.h", "../src")


def output(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                          check=True).stdout


def project_files():
    listed = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
                    "--deduplicate")
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def files_below(path):
    if path.startswith("cache:"):
        path = os.path.join(CACHE, path.removeprefix("cache:"))
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path)
            if os.path.basename(folder) != "__pycache__" for name in names]


def add_file(digest, name):
    """A file's name, whether it may be run, and its contents; where a link leads."""
    digest.update(f"{name}\0{os.access(name, os.X_OK)}\0".encode())
    if os.path.islink(name):
        digest.update(os.readlink(name).encode())
    else:
        with open(name, "rb") as file:
            content = file.read()
        digest.update(f"{len(content)}\0".encode() + content)


def add_kernel(digest, name):
    """What a kernel's build tree and its source say of themselves."""
    tree = output("tests/lab/kernel", "path", name, "kdir").decode().strip()
    digest.update(f"kernel {name} {tree}\0".encode())
    for file in KERNEL_FILES:
        path = os.path.join(tree, file)
        if os.path.exists(path):
            add_file(digest, path)


def key_of(test):
    """Of a test with inputs; None where they cannot be named."""
    if not test.inputs:
        return None
    digest = hashlib.sha256()
    digest.update(f"{test.name}\0{test.command}\0{sys.version}\0".encode())
    for name in VARIABLES:
        digest.update(f"{name}={os.environ.get(name)}\0".encode())
    try:
        digest.update(output("dpkg-query", "-W"))
        runner = filter(os.path.exists, RUNNER)
        names = {name for path in (*runner, test.command[0], *test.inputs) if path != "."
                 for name in files_below(path)}
        if "." in test.inputs:
            names.update(name for name in project_files() if os.path.lexists(name))
        for name in sorted(names):
            add_file(digest, name)
        for need in test.needs:
            if need.startswith("kernel-"):
                add_kernel(digest, need.removeprefix("kernel-"))
    except (OSError, subprocess.CalledProcessError):
        return None    # what is missing is the test's to say
    return digest.hexdigest()[:24]


def path_of(key):
    return os.path.join(RESULTS, key)


def found(key):
    """What the test printed when it passed, each result marked; None if unknown."""
    if not key or os.environ.get("CHECK_FRESH"):
        return None
    try:
        with open(path_of(key), encoding="utf-8", errors="replace") as file:
            text = file.read()
        os.utime(path_of(key))
    except OSError:
        return None
    return "".join(marked(line, key) for line in text.splitlines(keepends=True))


def marked(line, key):
    if not re.match(r" *ok \d", line) or " # cached " in line:
        return line
    return f"{line.rstrip()} # cached {key[:12]}\n"


def remember(key, test, log):
    """A pass of everything; not when the input changed meanwhile."""
    if not key or key_of(test) != key:
        return
    os.makedirs(RESULTS, exist_ok=True)
    with open(log, "rb") as file:
        text = file.read()
    new = f"{path_of(key)}.{os.getpid()}"
    with open(new, "wb") as file:
        file.write(text)
    os.replace(new, path_of(key))


def forget_old():
    """What was of no use for a long time."""
    if not os.path.isdir(RESULTS):
        return
    for entry in os.scandir(RESULTS):
        if entry.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
            os.unlink(entry.path)
