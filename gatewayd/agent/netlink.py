"""The kernel by netlink: how it is asked about, or told, interfaces, routes and rules. What is said is the caller's.

https://man7.org/linux/man-pages/man7/netlink.7.html
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gatewayd.agent.kernel import KernelError

HEADER: Final = struct.Struct("=LHHLL")
"""Of a message: its length with this, its type, flags, a number, who sends it."""
ATTRIBUTE: Final = struct.Struct("=HH")
"""Before an attribute: its length with this, and its type."""
_NETLINK_ROUTE: Final = 0
_PATIENCE: Final = 5.0


@contextmanager
def asked_kernel() -> Iterator[socket.socket]:
    """Open a socket to the kernel, whose answers have 5 s each; raises KernelError for whatever fails in the block."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as kernel:
            kernel.settimeout(_PATIENCE)
            yield kernel
    except OSError as error:
        raise KernelError(f"netlink: {error.strerror or error}") from error
