import struct

import pytest

from gatewayd.agent import netlink
from gatewayd.agent.bridged import bridged
from gatewayd.agent.kernel import KernelError
from tests.unit.agent.netlink_socket import NetlinkSocket


def attribute(kind: int, content: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(content), kind) + content + bytes(-len(content) % 4)


def message(kind: int, content: bytes) -> bytes:
    return struct.pack("=LHHLL", 16 + len(content), kind, 2, 0, 0) + content


def link(name: str, kind: str = "", port_of: str = "") -> bytes:
    info = b"".join(attribute(at, text.encode()) for at, text in ((1, kind), (4, port_of)) if text)
    nested = attribute(0x8000 | 18, info) if info else b""
    return message(16, bytes(16) + attribute(3, f"{name}\0".encode()) + nested)


DONE = message(3, bytes(4))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return what the kernel says, datagram by datagram."""
    said: list[bytes] = []

    class Netlink(NetlinkSocket):
        def sendto(self, asked: bytes, _to: tuple[int, int]) -> None:
            assert struct.unpack_from("=LHH", asked) == (len(asked), 18, 0x301)

        def recv(self, _bytes: int) -> bytes:
            if not said:
                raise TimeoutError("timed out")
            return said.pop(0)

    monkeypatch.setattr(netlink.socket, "socket", Netlink())
    return said


def test_an_interface_of_a_pod_that_is_a_port_of_a_bridge_is_found(kernel: list[bytes]) -> None:
    kernel += [link("lo") + link("cni0", "bridge"), link("eth0", "", "bridge") + link("veth1", "veth", "bridge"), DONE]
    assert bridged() == "veth1"


def test_pods_that_are_routed_are_not(kernel: list[bytes]) -> None:
    kernel += [link("lo") + link("cali1", "veth"), link("veth2", "veth", "bond") + link("docker0", "bridge"), DONE]
    assert bridged() == ""


def test_what_the_kernel_does_not_say_is_no_bridge(kernel: list[bytes]) -> None:
    kernel += [message(2, struct.pack("=l", -95) + bytes(16))]
    assert bridged() == ""


def test_a_kernel_that_is_silent_is_said(kernel: list[bytes]) -> None:
    assert kernel == []
    with pytest.raises(KernelError, match=r"^netlink: timed out"):
        bridged()


def test_this_machine_is_asked() -> None:
    assert isinstance(bridged(), str)
