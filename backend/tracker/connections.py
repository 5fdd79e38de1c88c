"""The connections of clients, which the server keeps to itself: found among the files that the process has open.

A stalled client holds its thread for as long as the connection lasts, and the end of the process up.
"""

import fcntl
import os
import resource
import socket
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STALLED = 300
"""Seconds after which a client that takes nothing of what is sent to it is given up."""


def allow_open_files(wanted: int) -> int:
    """Raise the limit of this process and its children as far as allowed; returns how many files may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    # Some systems have a further limit, which they do not tell.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def give_up_stalled_clients(port: int, seconds: float = STALLED) -> None:
    """Have the system close each connection to a port of ours, now and later, whose client takes nothing for so long.

    That is also how long the data of a client that vanished is sent again. Linux alone can; others wait for longer.
    """
    if sys.platform == "linux":
        for connection in _connections(port):
            # What is accepted inherits it from the socket that listens.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def drop_stalled(port: int, seconds: float) -> None:
    """Close each connection to a port of ours whose client takes nothing of what is sent to it for so long.

    Linux alone tells how much was taken; elsewhere they are left to their own end.
    """
    if sys.platform != "linux":
        return
    before = {_inode(connection): _taken(connection) for connection in _connections(port)}
    time.sleep(seconds)
    for connection in _connections(port):
        # The socket that listens has nothing to send, and a client may leave at any time.
        with suppress(OSError):
            unsent = fcntl.ioctl(connection, termios.TIOCOUTQ, struct.pack("i", 0))
            if struct.unpack("i", unsent)[0] and _taken(connection) == before.get(_inode(connection)):
                connection.shutdown(socket.SHUT_RDWR)


def _taken(connection: socket.socket) -> int:
    """Bytes that the other side has acknowledged: ``tcpi_bytes_acked`` of Linux's ``struct tcp_info``."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)
    return int.from_bytes(told[120:128], sys.byteorder)


def _inode(connection: socket.socket) -> int:
    return os.fstat(connection.fileno()).st_ino


def _connections(port: int) -> Iterator[socket.socket]:
    """The sockets of this process whose own port is this one, as copies that share their state."""
    for entry in Path("/dev/fd").iterdir():
        with suppress(OSError), _opened(int(entry.name)) as found:
            if found.family in (socket.AF_INET, socket.AF_INET6) and found.getsockname()[1] == port:
                yield found


@contextmanager
def _opened(file: int) -> Iterator[socket.socket]:
    copy = os.dup(file)
    try:
        found = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
    with found:
        yield found
