"""Whether Envoy will be able to listen on a port, asked before it is told to, so that the answer names the Gateway.

Envoy listens with SO_REUSEPORT: two Envoys of one user on one port would share its connections without any error.
That, too, is found here, by binding without it.
"""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

LOWEST_MAPPED: Final = 8000
"""What is added to a port that may not be listened on: 80 -> 8080, 443 -> 8443."""
_STEP: Final = 1000
_LAST_PORT: Final = 65535
_PRIVILEGED: Final = 1024
_NET_BIND_SERVICE: Final = 1 << 10
"""CAP_NET_BIND_SERVICE: capabilities(7)."""
_FIRST_UNPRIVILEGED: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_SELF_STATUS: Final = Path("/proc/self/status")
_TABLES: Final = {"TCP": ("tcp", "tcp6"), "UDP": ("udp", "udp6")}
_LISTENING: Final = "0A"
_ABSENT_FAMILY: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class PortWish:
    """A port that a listener asks for; `owner` names it to people: `Gateway default/web listener "http"`."""

    port: int
    protocol: Literal["TCP", "UDP"]
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Envoy can listen there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """The port is below `first_allowed`, and neither this user nor the Envoy binary may bind it."""

    wish: PortWish
    first_allowed: int
    binary: Path

    def __str__(self) -> str:
        return (
            f"port {self.wish.port} of {self.wish.owner}: only root may listen below {self.first_allowed}; "
            f"sudo sysctl net.ipv4.ip_unprivileged_port_start={self.wish.port}, or "
            f"sudo setcap cap_net_bind_service=+ep {self.binary}, would allow it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortTaken:
    """Somebody else listens there; `holder` is "nginx (process 812)", or "" when the system does not tell."""

    wish: PortWish
    holder: str

    def __str__(self) -> str:
        holder = self.holder or "another process"
        return f"port {self.wish.port} of {self.wish.owner}: {holder} listens there; stop it, or take another port"


Verdict = Free | NotAllowed | PortTaken


def check_port(wish: PortWish, binary: Path) -> Verdict:
    """Return whether the Envoy at `binary`, started by this process, can bind a port that it does not serve yet."""
    first = first_unprivileged_port()
    if wish.port < first and not may_bind_low_ports(binary):
        return NotAllowed(wish=wish, first_allowed=first, binary=binary)
    if _is_taken(wish):
        return PortTaken(wish=wish, holder=_holder(wish))
    return Free()


def first_unprivileged_port() -> int:
    """Return the lowest port that any user may bind; ip(7), ip_unprivileged_port_start."""
    try:
        return int(_FIRST_UNPRIVILEGED.read_text())
    except (OSError, ValueError):
        return 1024


def may_bind_low_ports(binary: Path) -> bool:
    """Return whether `binary`, executed by this process, has CAP_NET_BIND_SERVICE.

    Root's programs get the bounding set, others the ambient set and what the file itself was given; capabilities(7),
    "Transformation of capabilities during execve()".
    """
    try:
        status = _SELF_STATUS.read_text()
    except OSError:
        return os.geteuid() == 0
    held = capability_sets(status)
    inherited = held.get("CapBnd" if os.geteuid() == 0 else "CapAmb", 0)
    return bool((inherited | _file_capabilities(binary)) & _NET_BIND_SERVICE)


def capability_sets(status: str) -> dict[str, int]:
    """Read the capability sets of /proc/PID/status."""
    lines = (line.partition(":") for line in status.splitlines())
    return {name: int(value, 16) for name, _, value in lines if name.startswith("Cap")}


def _file_capabilities(binary: Path) -> int:
    """Return the lower 32 permitted capabilities of a file (struct vfs_cap_data: magic, permitted, ...)."""
    if not hasattr(os, "getxattr"):
        return 0
    try:
        raw = os.getxattr(binary, "security.capability")
    except OSError:
        return 0
    return int(struct.unpack_from("<II", raw)[1]) if len(raw) >= 8 else 0


def _is_taken(wish: PortWish) -> bool:
    kind = socket.SOCK_STREAM if wish.protocol == "TCP" else socket.SOCK_DGRAM
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 (as Envoy binds)
        try:
            with socket.socket(family, kind) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                if wish.protocol == "TCP":
                    # Connections of an earlier run that linger in TIME_WAIT are no hindrance.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, wish.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            if error.errno in (errno.EACCES, errno.EPERM):  # Envoy may, we may not
                return any(_inodes(table, wish.port) for table in _TABLES[wish.protocol])
            if error.errno not in _ABSENT_FAMILY:
                raise
    return False


def _holder(wish: PortWish) -> str:
    """Name the process that holds a port, as far as /proc lets this user see."""
    inodes = {inode for table in _TABLES[wish.protocol] for inode in _inodes(table, wish.port)}
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in wanted:  # noqa: PTH115 (socket:[1] is no path)
                    return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _inodes(table: str, port: int) -> list[str]:
    try:
        rows = (Path("/proc/net") / table).read_text().splitlines()[1:]
    except OSError:
        return []
    fields = [row.split() for row in rows]
    return [
        row[9] for row in fields
        if int(row[1].rpartition(":")[2], 16) == port and (table.startswith("udp") or row[3] == _LISTENING)
    ]  # fmt: skip


def offset_for(ports: Iterable[int], first_allowed: int) -> int:
    """Return what to add to the ports below 1024 when those below `first_allowed` may not be bound: 80 -> 8080.

    0 when all may be bound. No mapped port meets another one that is asked for.
    """
    asked = frozenset(ports)
    low = [port for port in asked if port < _PRIVILEGED]
    if all(port >= first_allowed for port in low):
        return 0
    for offset in range(LOWEST_MAPPED, _LAST_PORT - _PRIVILEGED, _STEP):
        if not any(port + offset in asked for port in low):
            return offset
    return LOWEST_MAPPED
