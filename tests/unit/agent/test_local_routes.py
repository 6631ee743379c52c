import errno
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from gatewayd.agent import local_routes, netlink
from gatewayd.agent.kernel import KernelError
from tests.unit.agent.netlink_socket import NetlinkSocket


class Netlink(NetlinkSocket):
    """A kernel that answers messages with error numbers, 0 for none; `sent`: the type, flags and family of each."""

    def __init__(self, answer: Callable[[int], int]) -> None:
        self._answer = answer
        self._last = 0
        self.sent: list[tuple[int, int, int]] = []

    def sendto(self, message: bytes, _to: tuple[int, int]) -> None:
        length, kind, flags, _, _ = struct.unpack_from("=LHHLL", message)
        assert length == len(message)
        self._last = kind
        self.sent.append((kind, flags, message[16]))

    def recv(self, _bytes: int) -> bytes:
        return struct.pack("=LHHLL", 36, 2, 0, 0, 0) + struct.pack("=l", -self._answer(self._last)) + bytes(16)


Told = Callable[[Callable[[int], int]], Netlink]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    def kernel(answer: Callable[[int], int]) -> Netlink:
        found = Netlink(answer)
        monkeypatch.setattr(netlink.socket, "socket", found)
        return found

    return kernel


NEW_ROUTE, DELETED_ROUTE, NEW_RULE, DELETED_RULE = 24, 25, 32, 33


def test_each_family_has_a_route_and_a_rule_made_once(told: Told) -> None:
    kernel = told(lambda _: errno.EEXIST)
    local_routes.add((4, 6))
    made_once = 0x1 | 0x4 | 0x200 | 0x400
    assert kernel.sent == [
        (kind, made_once, family) for family in (socket.AF_INET, socket.AF_INET6) for kind in (NEW_ROUTE, NEW_RULE)
    ]


@pytest.mark.parametrize("said", [0, errno.ENOENT, errno.ESRCH, errno.EAFNOSUPPORT])
def test_what_is_not_there_is_removed(told: Told, said: int) -> None:
    kernel = told(lambda _: said)
    local_routes.remove((4,))
    assert [kind for kind, _, _ in kernel.sent] == [DELETED_ROUTE, DELETED_RULE]


def test_what_the_kernel_refuses_is_said(told: Told) -> None:
    told(lambda kind: errno.EPERM if kind == NEW_RULE else 0)
    with pytest.raises(KernelError, match=r"^netlink: message 32 refused; Operation not permitted"):
        local_routes.add((4,))


def test_where_there_is_no_netlink_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr(netlink.socket, "socket", none)
    with pytest.raises(KernelError, match=r"^netlink: Address family not supported"):
        local_routes.add((4,))


def test_a_rule_has_our_mark_and_leaves_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    class Kernel(Netlink):
        def sendto(self, message: bytes, to: tuple[int, int]) -> None:
            sent.append(message)
            super().sendto(message, to)

    monkeypatch.setattr(netlink.socket, "socket", Kernel(lambda _: 0))
    local_routes.add((4,))
    for attribute in (10, 16):  # FRA_FWMARK, FRA_FWMASK
        assert struct.pack("=HHL", 8, attribute, local_routes.MARK) in sent[1]
    assert local_routes.MARK.bit_count() == 1
