# SPDX-License-Identifier: GPL-2.0-only
"""Traffic between workloads, and its drops."""

import contextlib
import selectors
import socket
import threading
import time

import addresses
from addresses import at
from ktap import equal
from netns import LONG
from packets import icmp


def wait_until(what, seconds=LONG):
    """True as soon as what() is true; False after the timeout."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def enough_rounds(least, enough):
    """Yields 0, 1, 2 and so on, at least that many, until enough() is true, since the pace
    of other processes differs between machines."""
    end = time.monotonic() + LONG
    yield from range(least)
    while not enough():
        if time.monotonic() > end:
            raise AssertionError(f"{least} rounds and a minute were not enough")
        yield least
        least += 1


class Servers:
    """Programs that answer, each with the name of its workload: a TCP server on
    connecting and to all it is sent, a UDP server to each datagram, with its
    first bytes."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def tcp(self, workload, port, address="", protocol=0):
        return self._add(workload, workload.listener(port, address, protocol), self._accept)

    def udp(self, workload, port, address=""):
        return self._add(workload, workload.udp(address, port), self._datagram)

    def _add(self, workload, sock, what):
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, (what, workload.name.encode()))
        return sock

    def end(self, sock):
        self.selector.unregister(sock)
        sock.close()

    def stop(self):
        """Ends the servers, so that no socket holds a namespace."""
        self.stopping = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            self.end(key.fileobj)

    def _serve(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.05):
                what, name = key.data
                with contextlib.suppress(OSError, KeyError, ValueError):
                    what(key.fileobj, name)

    def _accept(self, listener, name):
        sock, _ = listener.accept()
        sock.sendall(name + b"\n")
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, (self._answer, name))

    def _answer(self, sock, name):
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            sock.sendall(name + b"\n")
        else:
            self.end(sock)

    @staticmethod
    def _datagram(sock, name):
        data, sender = sock.recvfrom(65536)
        sock.sendto(name + b" " + data[:100], sender)


def connect(workload, address, port, **words):
    """A connection to a server of Servers, and the server's name."""
    sock = workload.tcp(**words)
    sock.connect((at(address), port))
    return sock, sock.recv(100).decode().strip()


def ask_tcp(workload, address, port, **words):
    """The name of the server that answers."""
    sock, name = connect(workload, address, port, **words)
    sock.close()
    return name


def ask_udp(workload, address, port, sock=None, text=b"?"):
    own = sock or workload.udp()
    own.sendto(text, (at(address), port))
    answer, sender = own.recvfrom(65536)
    equal(sender[:2], (at(address), port), "the sender of the answer")
    name, said = answer.decode().split(" ")
    equal(said, text.decode(), "what is answered")
    if not sock:
        own.close()
    return name


def tell(workload, address, port, text=b"?"):
    """A datagram that is not answered."""
    sock = workload.udp()
    sock.sendto(text, (at(address), port))
    sock.close()


def ping(workload, address, payload=b"ping", kind=8):
    """Sends an echo request, or another type; the caller listens or does not."""
    sock = workload.icmp()
    sock.sendto(icmp(addresses.icmp_type(kind), 0, b"\0\1\0\1", payload), (at(address), 0))
    return sock


def heard_type(sock):
    """The next ICMP message; an IPv4 socket has the IP header before it."""
    return sock.recv(65536)[20 if sock.family == socket.AF_INET else 0]


def begin(workload, address, port):
    """Sends one SYN, for a connection that must not come."""
    sock = workload.tcp()
    sock.setblocking(False)
    sock.connect_ex((at(address), port))
    return sock


class Seen:
    """The drops of a node while a block ran."""
    events = ()


@contextlib.contextmanager
def drops(node, wanted, repeats=False):
    """Checks that the block makes the node drop exactly wanted, {(reason, direction):
    packets}, and each drop is an event. What TCP sends again and again is counted
    once with repeats."""
    def counted():
        now = node.braid.drops()
        change = {key: count - before.get(key, 0) for key, count in now.items()}
        return {key: 1 if repeats else count for key, count in change.items() if count}

    before = node.braid.drops()
    node.events.heard()
    seen = Seen()
    yield seen
    wait_until(lambda: counted() == wanted or sum(counted().values()) > sum(wanted.values()))
    seen.events = node.events.heard()
    equal(counted(), wanted, f"drops on {node.name}; heard {seen.events}")
    told = {}
    for event in seen.events:
        key = event["reason"], event["direction"]
        told[key] = 1 if repeats else told.get(key, 0) + 1
    equal(told, wanted, f"events of {node.name}")


def equal_event(event, **words):
    """Checks that the event has these words."""
    words = {word: at(value) if isinstance(value, str) else value
             for word, value in words.items()}
    equal({word: event.get(word) for word in words}, words, f"event {event}")
