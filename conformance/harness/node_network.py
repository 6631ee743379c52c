"""A node of a cluster as network namespaces: its pods, each behind a veth whose end at the node has no address.

Each has an address of IPv6 beside that of IPv4, where the machine has any.

What is done in a namespace is done by a thread that has entered it: sockets stay where they were made.
https://man7.org/linux/man-pages/man2/setns.2.html
"""

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

NODE_ADDRESS: Final = "10.0.0.1"
NODE_ADDRESS_6: Final = "fd00::1"
_PODS_6: Final = IPv6Address("fd00:244::")
_ROUTER: Final = "169.254.1.1"
_ROUTER_6: Final = "fe80::1"
_ROUTER_MAC: Final = "02:00:00:00:00:01"
_POD_MAC: Final = "02:00:00:00:00:02"
_NEW_NETWORK: Final = 0x40000000
_NAMESPACES: Final = Path("/run/netns")
_NUMBERS = count()
T = TypeVar("T")


def lacking() -> str:
    """Return why there can be no such network here, "" if there can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    missing = [name for name in ("ip", "nft", "nsenter") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    made = subprocess.run(("unshare", "--net", "nft", "add", "table", "inet", "x"), capture_output=True, check=False)
    return "" if made.returncode == 0 else f"no network namespace with nftables: {made.stderr.decode().strip()}"


class ProgramError(Exception):
    """A program did not end well; what it printed."""


@dataclass
class Namespace:
    """A network namespace, and the thread that is in it."""

    name: str
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def enter(self) -> None:
        """Let the thread enter."""
        self._thread.submit(_enter, _NAMESPACES / self.name).result()

    def leave(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    async def run(self, act: Callable[[], T]) -> T:
        """Do something in the namespace."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    async def listening(self, address: str, port: int) -> socket.socket:
        """Return a socket that listens in the namespace."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return await self.run(lambda: socket.create_server((address, port), family=family))

    async def connected(self, address: str, port: int, *, patience: float = 2.0) -> socket.socket:
        """Return a connection from the namespace. Raises OSError."""
        made = await self.run(lambda: socket.create_connection((address, port), patience))
        made.setblocking(False)
        return made

    def command(self, *words: str) -> tuple[str, ...]:
        """Return what runs a program in the namespace."""
        return ("nsenter", f"--net={_NAMESPACES / self.name}", *words)

    async def output(self, *words: str) -> str:
        """Run a program in the namespace, and return what it prints. Raises ProgramError when it does not end well."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told, _ = await process.communicate()
        if process.returncode:
            raise ProgramError(told.decode())
        return told.decode()


def ipv6_of(address: str) -> str:
    """Return the other address of a pod: it ends in the same number."""
    return str(_PODS_6 + int(IPv4Address(address)) % 256)


@cache
def has_ipv6() -> bool:
    """Return whether a namespace can have addresses of IPv6."""
    if lacking():
        return False
    command = ("unshare", "--net", "ip", "address", "add", f"{NODE_ADDRESS_6}/128", "dev", "lo", "nodad")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _enter(path: Path) -> None:
    with path.open("rb") as there:
        if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")


@dataclass(frozen=True, slots=True)
class Network:
    """The node, and its pods by name."""

    node: Namespace
    pods: Mapping[str, Namespace]


@asynccontextmanager
async def network(pods: Mapping[str, str]) -> AsyncIterator[Network]:
    """Make a node with pods, each with its address, until the block ends."""
    mark = f"gwd-{os.getpid()}-{next(_NUMBERS)}"
    made = {name: Namespace(f"{mark}-{name}") for name in ("node", *pods)}
    try:
        for each in made.values():
            _ip("netns", "add", each.name)
            each.enter()
        _wire(made, pods)
        yield Network(made["node"], {name: made[name] for name in pods})
    finally:
        for each in made.values():
            each.leave()
            _delete(each.name)


def _delete(name: str) -> None:
    subprocess.run(("ip", "netns", "delete", name), check=False, capture_output=True)


def _wire(made: Mapping[str, Namespace], pods: Mapping[str, str]) -> None:
    node = made["node"].name
    _batch(node, "link set lo up", f"address add {NODE_ADDRESS}/32 dev lo")
    _set(made["node"], "net/ipv4/ip_forward")
    if has_ipv6():
        _batch(node, f"address add {NODE_ADDRESS_6}/128 dev lo nodad")
        _set(made["node"], "net/ipv6/conf/all/forwarding")
    for name, address in pods.items():
        pod = made[name].name
        _batch(
            node,
            f"link add to-{name} address {_ROUTER_MAC} type veth peer name eth0 address {_POD_MAC} netns {pod}",
            f"link set to-{name} up",
            f"route add {address}/32 dev to-{name} src {NODE_ADDRESS}",
        )
        _batch(
            pod,
            "link set lo up",
            f"address add {address}/32 dev eth0",
            "link set eth0 up",
            f"route add {_ROUTER} dev eth0",
            f"neigh add {_ROUTER} lladdr {_ROUTER_MAC} dev eth0",
            f"route add default via {_ROUTER}",
        )
        if has_ipv6():
            _wire_ipv6(made["node"], made[name], to=f"to-{name}", address=ipv6_of(address))


def _wire_ipv6(node: Namespace, pod: Namespace, *, to: str, address: str) -> None:
    """Give a pod its other address. Nobody is asked who has which: both ends are told."""
    _batch(
        node.name,
        f"route add {address}/128 dev {to} src {NODE_ADDRESS_6}",
        f"neigh add {address} lladdr {_POD_MAC} dev {to} nud permanent",
    )
    _batch(
        pod.name,
        f"address add {address}/128 dev eth0 nodad",
        f"neigh add {_ROUTER_6} lladdr {_ROUTER_MAC} dev eth0 nud permanent",
        f"route add default via {_ROUTER_6} dev eth0",
    )


def _set(where: Namespace, knob: str) -> None:
    subprocess.run(where.command("sh", "-c", f"echo 1 > /proc/sys/{knob}"), check=True)


def _batch(namespace: str, *lines: str) -> None:
    subprocess.run(("ip", "-netns", namespace, "-batch", "-"), input="\n".join(lines).encode(), check=True)


def _ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True)
