#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Operations of the lab on sockets and processes, which a shell cannot do.

control.py qmp SOCKET COMMAND          a command of QEMU's machine protocol
control.py switch SOCKET LINE...       lines for vde_switch's management
control.py watch PID COMMAND ARG...    waits for the end of PID, then runs that
"""

import json
import os
import select
import socket
import sys


def connect(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(10)
    peer.connect(path)
    return peer.makefile("rw", encoding="utf-8", newline="\n")


def qmp(path, command):
    stream = connect(path)
    stream.readline()  # the greeting
    for execute in ("qmp_capabilities", command):
        stream.write(json.dumps({"execute": execute}) + "\n")
        stream.flush()
        while True:
            line = stream.readline()
            if not line:
                sys.exit(f"lab: QEMU went away before it answered '{execute}'")
            answer = json.loads(line)
            if "error" in answer:
                sys.exit(f"lab: QEMU refuses '{execute}': {answer['error']['desc']}")
            if "return" in answer:
                break  # anything else is an event


def switch(path, lines):
    stream = connect(path)
    for line in lines:
        stream.write(line + "\n")
        stream.flush()
        while True:
            answer = stream.readline()
            if not answer:
                sys.exit(f"lab: the switch went away before it answered '{line}'")
            # "1000 Success", or another number from 1000 on and the reason;
            # the prompt of the line before may stand in front of it.
            answer = answer.strip().removeprefix("vde$ ")
            if answer[:4].isdigit() and answer[0] == "1":
                break
        if answer[:4] != "1000":
            sys.exit(f"lab: the switch refuses '{line}': {answer}")


def watch(pid, command):
    try:
        process = os.pidfd_open(int(pid))
    except ProcessLookupError:
        pass  # it ended before we looked
    else:
        select.select([process], [], [])
    os.execvp(command[0], command)


def main(arguments):
    match arguments:
        case ["qmp", path, command]:
            qmp(path, command)
        case ["switch", path, *lines] if lines:
            switch(path, lines)
        case ["watch", pid, *command] if command:
            watch(pid, command)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
