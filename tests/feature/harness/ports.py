"""Free ports on loopback that no outgoing connection of this machine will take meanwhile."""

import socket
from collections.abc import Iterator
from pathlib import Path

_LOWEST = 16_000
"""Above the ports of a node's proxy, which tests of the mesh need."""
_BLOCK = 64


def _first_ephemeral() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def _candidates() -> Iterator[int]:
    """Yield ports block by block, each block for this process alone until it ends.

    Whoever has bound the abstract name of a block has the block: https://man7.org/linux/man-pages/man7/unix.7.html.
    """
    for first in range(_LOWEST, min(_first_ephemeral(), 32_768) - _BLOCK, _BLOCK):
        block = socket.socket(socket.AF_UNIX)
        try:
            block.bind(f"\0gatewayd-tests-ports-{first}")
        except OSError:
            block.close()
            continue
        _blocks.append(block)
        yield from range(first, first + _BLOCK)


_blocks: list[socket.socket] = []
_next = _candidates()


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def has_ipv6() -> bool:
    """Return whether this machine has a loopback of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port that is free for TCP and UDP, never the same one twice. Raises LookupError after the last one."""
    for port in _next:
        if _is_free(port):
            return port
    raise LookupError("no port is left for this process")
