# SPDX-License-Identifier: GPL-2.0-only
"""Streams, and the size of their packets."""

import contextlib
import hashlib
import os
import socket
import threading
import time

import addresses

MIB = 1 << 20
BLOCK = os.urandom(MIB)
SO_RCVBUFFORCE = 33


class Sizes:
    """Captures the packets on a device, as the kernel passes them to a packet socket."""

    def __init__(self, ns, device):
        self.sock = ns.packet(device)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
        self.sock.setblocking(False)

    def close(self):
        """(largest, mean) of those with data, in bytes."""
        sizes, head = [], bytearray(64)
        with contextlib.suppress(BlockingIOError):
            while True:
                sizes.append(self.sock.recv_into(head, 0, socket.MSG_TRUNC))
        self.sock.close()
        data = [size for size in sizes if size > 500] or [0]
        return max(data), sum(data) // len(data)


def receive(sock):
    """Receives a stream; answers with its digest at the end."""
    digest = hashlib.sha256()
    while block := sock.recv(MIB):
        digest.update(block)
    sock.sendall(digest.digest())
    sock.close()
    return digest.digest()


def send(sock, size):
    """Sends a stream and checks the digest; returns the seconds."""
    digest = hashlib.sha256()
    for _ in range(size // MIB):
        digest.update(BLOCK)
    begin = time.monotonic()
    for _ in range(size // MIB):
        sock.sendall(BLOCK)
    sock.shutdown(socket.SHUT_WR)
    answer = sock.recv(100)
    took = time.monotonic() - begin
    sock.close()
    if answer != digest.digest():
        raise AssertionError("what arrived is not what was sent")
    return took


def connect(workload, address, port):
    sock = workload.tcp()
    sock.connect((addresses.at(address), port))
    return sock


def transfer(sender, receiver, size, port=9000):
    """A stream between two workloads of this machine; seconds."""
    listener = receiver.listener(port)

    def serve():
        served, _ = listener.accept()
        listener.close()
        receive(served)

    thread = threading.Thread(target=serve)
    thread.start()
    took = send(connect(sender, receiver.address, port), size)
    thread.join()
    return took
