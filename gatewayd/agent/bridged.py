"""Whether pods of this node are joined by a bridge, so that they answer each other past the routes of the node.

Out: the name of an interface that leads into another network namespace and is a port of a bridge; "" where there is
none. The kernel is asked by netlink for all interfaces, which anybody may.
https://man7.org/linux/man-pages/man7/rtnetlink.7.html
"""

from collections.abc import Iterator, Mapping
from typing import Final

from gatewayd.agent.netlink import ATTRIBUTE, HEADER, asked_kernel

_LINK_BYTES: Final = 16
"""Of struct ifinfomsg, before the attributes."""
_ASKED: Final = HEADER.pack(HEADER.size + _LINK_BYTES, 18, 0x1 | 0x300, 0, 0) + bytes(_LINK_BYTES)
_LINK: Final = 16
_NAME: Final = 3
_INFO: Final = 18
_KIND: Final = 1
_PORT_OF: Final = 4
_NESTED: Final = 0x7FFF
"""The bits of an attribute's type that are its type."""
_MOST_BYTES: Final = 1 << 18


def bridged() -> str:
    """Return an interface of a pod that is a port of a bridge, "" for none; raises KernelError."""
    with asked_kernel() as kernel:
        kernel.sendto(_ASKED, (0, 0))
        while True:
            for kind, content in _messages(kernel.recv(_MOST_BYTES)):
                if kind == _LINK and (name := _port(content)):
                    return name
                if kind != _LINK:
                    return ""  # that was all, or the kernel does not say


def _messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    while len(datagram) >= HEADER.size:
        length, kind, *_ = HEADER.unpack_from(datagram)
        yield kind, datagram[HEADER.size : length]
        datagram = datagram[_aligned(length) :]


def _port(link: bytes) -> str:
    attributes = _attributes(link[_LINK_BYTES:])
    info = _attributes(attributes.get(_INFO, b""))
    is_port = _text(info, _KIND) == "veth" and _text(info, _PORT_OF) == "bridge"
    return _text(attributes, _NAME) if is_port else ""


def _attributes(content: bytes) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    while len(content) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(content)
        found[kind & _NESTED] = content[ATTRIBUTE.size : length]
        content = content[_aligned(max(length, ATTRIBUTE.size)) :]
    return found


def _text(attributes: Mapping[int, bytes], kind: int) -> str:
    return attributes.get(kind, b"").rstrip(b"\0").decode(errors="replace")


def _aligned(length: int) -> int:
    return (length + 3) & ~3
