# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces, entered by the only process of a scenario.

    with Netns("a") as ns: ...     what is made inside belongs to the namespace
"""

import ctypes
import os
import socket
import struct
import subprocess
import threading

import addresses

CLONE_NEWNET, MS_BIND, MNT_DETACH = 0x40000000, 4096, 2
RUN = "/run/netns"
SHORT = 0.3      # seconds for what must not come, where nothing marks the end
LONG = 60       # seconds for what must come
ICMPV6_FILTER = 1

libc = ctypes.CDLL(None, use_errno=True)


def _try(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _ipv6(name, value):
    for which in "all", "default":
        with open(f"/proc/sys/net/ipv6/conf/{which}/{name}", "w") as file:
            file.write(str(value))


class Netns:
    """A namespace with a name, so that `braid -n` and `ip -n` find it."""

    # Namespaces that a thread has left to enter another.
    _left = threading.local()

    def __init__(self, name, ipv6=None):
        """With IPv6 or without it; None: as the workloads of this world need."""
        ipv6 = addresses.now.inner == 6 if ipv6 is None else ipv6
        self.name = name
        self.path = f"{RUN}/{name}"
        back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            os.makedirs(RUN, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o444))
            _try(libc.unshare(CLONE_NEWNET))
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            _try(libc.mount(b"/proc/thread-self/ns/net", self.path.encode(), None,
                            MS_BIND, None))
            # Packets that the stack sends by itself would count as drops.
            _ipv6("disable_ipv6", 0 if ipv6 else 1)
            # Without duplicate address detection and router solicitations.
            _ipv6("accept_dad", 0)
            _ipv6("router_solicitations", 0)
        finally:
            _try(libc.setns(back, CLONE_NEWNET))
            os.close(back)

    def __enter__(self):
        back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _try(libc.setns(self.fd, CLONE_NEWNET))
        except OSError:
            os.close(back)
            raise
        self._left.__dict__.setdefault("all", []).append(back)
        return self

    def __exit__(self, *error):
        back = self._left.all.pop()
        _try(libc.setns(back, CLONE_NEWNET))
        os.close(back)

    def delete(self):
        """The namespace ends when its last socket and process are gone."""
        _try(libc.umount2(self.path.encode(), MNT_DETACH))
        os.unlink(self.path)
        os.close(self.fd)

    def sysctl(self, name, value):
        with self, open(f"/proc/sys/{name.replace('.', '/')}", "w") as file:
            file.write(str(value))

    def do(self, function, *args, **words):
        with self:
            return function(*args, **words)

    def run(self, *command, stdin="", check=True):
        """A command in the namespace; its result with stdout and stderr as text."""
        with self:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: "
                                 f"{done.stderr or done.stdout}")
        return done

    def start(self, *command):
        with self:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    text=True)

    # --- sockets --------------------------------------------------------------

    def _socket(self, kind, address="", port=0, protocol=0):
        """A socket of the address family of the address, or of the workloads."""
        with self:
            sock = socket.socket(addresses.family(address), kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address or port:
            sock.bind((addresses.at(address), port))
        sock.settimeout(LONG)
        return sock

    def udp(self, address="", port=0):
        return self._socket(socket.SOCK_DGRAM, address, port)

    def listener(self, port, address="", protocol=0):
        sock = self._socket(socket.SOCK_STREAM, address, port, protocol)
        sock.listen(64)
        return sock

    def tcp(self, source_port=0, source="", protocol=0):
        """A TCP (or SCTP) socket that is not connected yet."""
        return self._socket(socket.SOCK_STREAM, source, source_port, protocol)

    def icmp(self):
        """A raw ICMP socket that receives no neighbour discovery."""
        sock = self._socket(socket.SOCK_RAW, protocol=addresses.icmp_protocol())
        if sock.family == socket.AF_INET6:
            kept_out = bytearray(32)
            for kind in range(130, 138):
                kept_out[kind // 32 * 4 + kind % 32 // 8] |= 1 << kind % 8
            sock.setsockopt(socket.IPPROTO_ICMPV6, ICMPV6_FILTER, bytes(kept_out))
        return sock

    def raw(self):
        """Sends packets whose IP header the caller writes."""
        return self._socket(socket.SOCK_RAW, protocol=socket.IPPROTO_RAW)

    def packet(self, device):
        """Whole frames of a device."""
        with self:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
            sock.bind((device, 3))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.settimeout(LONG)
        return sock


def silent(sock, seconds=SHORT):
    """True if no packet arrives."""
    before = sock.gettimeout()
    sock.settimeout(seconds)
    try:
        sock.recv(65536)
        return False
    except TimeoutError:
        return True
    finally:
        sock.settimeout(before)


def reset_on_close(sock):
    """Closes without FIN and TIME_WAIT, so that the port is free at once."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
