"""Which addresses a key set may be fetched from.

A URI is a tenant's word, and it is the control plane that asks: without a backendRef it must not lead into the cluster,
to this machine or to a cloud's metadata. What a name stands for is looked at when the connection is made, and it is
made to what was looked at. With a backendRef, the Service's endpoints are the only addresses there are.
https://www.iana.org/assignments/iana-ipv4-special-registry/
"""

import asyncio
import socket
from ipaddress import ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from gatewayd.ir.backend import Endpoint

_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class UnreachableError(OSError):
    """No address may be asked."""


def is_public(address: str) -> bool:
    """Return whether an address is one of the internet, for everybody."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast


class EndpointsAlone(AbstractResolver):
    """Answers with the endpoints of a backend, whatever the name."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self._endpoints = endpoints

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the endpoints; raises UnreachableError when there are none."""
        del port, family
        serving = [each for each in self._endpoints if not each.draining] or list(self._endpoints)
        if not serving:
            raise UnreachableError("the backend has no endpoints")
        return [_result(host, each.address, each.port) for each in serving]

    async def close(self) -> None:
        """Hold nothing."""


class InternetAlone(AbstractResolver):
    """Answers with what a name stands for, where all of that is on the internet."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses; raises UnreachableError when one of them may not be asked, OSError without any."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(each[4][0]) for each in found)
        if not all(map(is_public, addresses)):
            raise UnreachableError("the host is within a private network; name a backendRef for it")
        return [_result(host, each, port) for each in addresses]

    async def close(self) -> None:
        """Hold nothing."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=_NUMERIC)
