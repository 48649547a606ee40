# SPDX-License-Identifier: GPL-2.0-only
"""Events of dropped packets."""

import json
import os
import signal
import time

from fake_kernel import FAMILY, attr, event, ip, nest, u8, u16, u32, u64
from harness import N, equal, run

# ---- events ----

def drop_event(**more):
    body = {
        "TIME": u64(N.A_EVENT_TIME, 1767225600123456789),
        "REASON": attr(N.A_EVENT_REASON, "policy"),
        "DIRECTION": u32(N.A_EVENT_DIRECTION, N.DIRECTION_INGRESS),
        "SI": u32(N.A_EVENT_SOURCE_IDENTITY, 301),
        "DI": u32(N.A_EVENT_DESTINATION_IDENTITY, 300),
        "SL": attr(N.A_EVENT_SOURCE_LABEL, "app=intruder") +
        attr(N.A_EVENT_SOURCE_LABEL, "tier=back"),
        "DL": attr(N.A_EVENT_DESTINATION_LABEL, "app=web"),
        "S": ip(N.A_EVENT_SOURCE, "10.1.0.3"),
        "D": ip(N.A_EVENT_DESTINATION, "10.1.0.2"),
        "PROTOCOL": u8(N.A_EVENT_PROTOCOL, 6),
        "SP": u16(N.A_EVENT_SOURCE_PORT, 41394),
        "DP": u16(N.A_EVENT_DESTINATION_PORT, 80),
        "DEVICE": attr(N.A_EVENT_DEVICE, "veth-i"),
    }
    body.update(more)
    return event(N.CMD_DROP_NTF, nest(N.A_EVENT, *body.values()))


EVENTS = [
    (drop_event(), "2026-01-01T00:00:00.123456Z policy ingress tcp "
     "10.1.0.3:41394 identity 301 (app=intruder,tier=back) -> "
     "10.1.0.2:80 identity 300 (app=web) device veth-i"),
    (drop_event(PROTOCOL=u8(N.A_EVENT_PROTOCOL, 1), SP=b"", SL=b"",
                DP=u16(N.A_EVENT_DESTINATION_PORT, 8), DEVICE=b""),
     "2026-01-01T00:00:00.123456Z policy ingress icmp type 8 "
     "10.1.0.3 identity 301 -> 10.1.0.2 identity 300 (app=web)"),
    (drop_event(S=ip(N.A_EVENT_SOURCE, "fd01::3"), SL=b"", DL=b"", DEVICE=b"",
                D=ip(N.A_EVENT_DESTINATION, "fd01::2")),
     "2026-01-01T00:00:00.123456Z policy ingress tcp [fd01::3]:41394 "
     "identity 301 -> [fd01::2]:80 identity 300"),
    (drop_event(PROTOCOL=u8(N.A_EVENT_PROTOCOL, 99), SP=b"", DP=b"", SL=b"",
                DL=b"", DEVICE=b"", DIRECTION=b""),
     "2026-01-01T00:00:00.123456Z policy 99 10.1.0.3 identity 301 -> "
     "10.1.0.2 identity 300"),
]


def until_lines(count, number):
    """Stop the tool by a signal after it has printed the wanted output."""
    def ready(process, out):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            caught = int(status.read().split("SigCgt:")[1].split()[0], 16)
        return caught >> (number - 1) & 1 and \
            os.pread(out.fileno(), 1 << 20, 0).count(b"\n") >= count

    def stop(process, out):
        for _ in range(2000):
            if process.poll() is not None or ready(process, out):
                break
            time.sleep(0.01)
        process.send_signal(number)
    return stop


def test_monitor_prints_a_line_for_each_event():
    for number in (signal.SIGINT, signal.SIGTERM):
        result = run("monitor", "drops", push=[e for e, _ in EVENTS],
                     stop=until_lines(len(EVENTS), number))
        equal((result.status, result.err), (0, ""))
        equal(result.out.splitlines(), [line for _, line in EVENTS])
    equal(run("monitor", stop=until_lines(0, signal.SIGINT)).status, 0)


def test_monitor_prints_json():
    for option in ("-j", "-p"):
        result = run(option, "monitor", "drops", push=[e for e, _ in EVENTS],
                     stop=until_lines(len(EVENTS), signal.SIGINT))
        objects = [json.loads(line) for line in result.out.splitlines()]
        equal(objects[0], {
            "time": "2026-01-01T00:00:00.123456Z", "reason": "policy",
            "direction": "ingress", "protocol": "tcp", "source": "10.1.0.3",
            "source_port": 41394, "source_identity": 301,
            "source_label": ["app=intruder", "tier=back"],
            "destination": "10.1.0.2", "destination_port": 80,
            "destination_identity": 300, "destination_label": ["app=web"],
            "device": "veth-i"})
        equal(len(objects), len(EVENTS))


def test_monitor_ends_when_its_reader_has_gone():
    for events in ([], [EVENTS[0][0]] * 3):
        reader, writer = os.pipe()
        os.close(reader)
        result = run("monitor", stdout=writer, push=events)
        os.close(writer)
        equal((result.status, result.err), (0, ""))



def test_monitor_ends_when_the_module_is_unloaded():
    """2 is the controller's message that a family has gone, 1 its attribute."""
    def gone(family):
        return event(2, u16(1, family), kind=0x10)
    push = [EVENTS[0][0], gone(FAMILY + 1), EVENTS[1][0], gone(FAMILY)]
    result = run("monitor", push=push)
    equal((result.status, result.err), (2, "braid: the module was unloaded\n"))
    equal(len(result.out.splitlines()), 2)
