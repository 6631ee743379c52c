"""Leads packets with our mark to sockets of this node, whatever their addresses: a rule and a route for each family.

In: families. Out: the kernel has these, or has them no more. It is told by netlink, which answers at once, and takes
CAP_NET_ADMIN. Both are said to be the kernel's own: systemd-networkd removes those of others.
https://man7.org/linux/man-pages/man7/rtnetlink.7.html
https://man7.org/linux/man-pages/man8/ip-rule.8.html
"""

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from gatewayd.agent.kernel import KernelError
from gatewayd.agent.netlink import ATTRIBUTE, HEADER, asked_kernel

MARK: Final = 0x1000
"""One bit, so that marks of others stay: kube-proxy has 0x4000 and 0x8000, port mappings 0x2000, Calico 0xffff0000."""
_TABLE: Final = 15001
"""The number of the routing table: nobody else has that of the proxy's port."""
_PRIORITY: Final = 90
"""After the kernel's own addresses (0), before whatever plugins have for pods: those of AWS begin at 512."""

_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}
_ACKNOWLEDGED: Final = 0x1 | 0x4
_NEW: Final = 0x200 | 0x400
_BY_KERNEL: Final = 2
_MESSAGE: Final = struct.Struct("=8BL")
_ANSWER_BYTES: Final = 8192


class _Kind(NamedTuple):
    """What the kernel has: the types of the messages that make it and remove it, and what stands in them."""

    made: int
    removed: int
    content: bytes


def add(versions: Iterable[int]) -> None:
    """Have rule and route for families (4, 6), whether or not they are there; raises KernelError."""
    _told([(each.made, _ACKNOWLEDGED | _NEW, each.content) for each in _kinds(versions)], fine={0, errno.EEXIST})


def remove(versions: Iterable[int]) -> None:
    """Have them no more; raises KernelError."""
    gone = {0, errno.ENOENT, errno.ESRCH, errno.EAFNOSUPPORT, errno.EOPNOTSUPP}
    _told([(each.removed, _ACKNOWLEDGED, each.content) for each in _kinds(versions)], fine=gone)


def _kinds(versions: Iterable[int]) -> Iterator[_Kind]:
    for version in versions:
        yield _Kind(24, 25, _route(_FAMILIES[version]))
        yield _Kind(32, 33, _rule(_FAMILIES[version]))


def _route(family: int) -> bytes:
    """Return `local default dev lo table ...`: struct rtmsg, RTA_OIF and RTA_TABLE."""
    type_local, scope_host = 2, 254
    head = _MESSAGE.pack(family, 0, 0, 0, 0, _BY_KERNEL, scope_host, type_local, 0)
    return head + _attribute(4, socket.if_nametoindex("lo")) + _attribute(15, _TABLE)


def _rule(family: int) -> bytes:
    """Return `fwmark MARK/MARK lookup ...`: struct fib_rule_hdr, FRA_PRIORITY, _FWMARK, _FWMASK, _TABLE, _PROTOCOL."""
    to_table = 1
    head = _MESSAGE.pack(family, 0, 0, 0, 0, 0, 0, to_table, 0)
    numbers = ((6, _PRIORITY), (10, MARK), (16, MARK), (15, _TABLE))
    protocol = ATTRIBUTE.pack(5, 21) + bytes((_BY_KERNEL, 0, 0, 0))
    return head + b"".join(_attribute(kind, number) for kind, number in numbers) + protocol


def _attribute(kind: int, number: int) -> bytes:
    return ATTRIBUTE.pack(8, kind) + struct.pack("=L", number)


def _told(messages: list[tuple[int, int, bytes]], *, fine: set[int]) -> None:
    """Send messages, each when the one before is answered; raises KernelError for an answer that is not fine."""
    with asked_kernel() as kernel:
        for kind, flags, content in messages:
            kernel.sendto(HEADER.pack(HEADER.size + len(content), kind, flags, 0, 0) + content, (0, 0))
            # struct nlmsgerr: what the kernel says of a message, a negative error number or 0.
            (answer,) = struct.unpack_from("=l", kernel.recv(_ANSWER_BYTES), HEADER.size)
            if -answer not in fine:
                raise KernelError(f"netlink: message {kind} refused; {os.strerror(-answer)}")
