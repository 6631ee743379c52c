"""Has the kernel bring answers back to the Envoy for connections that it makes with the addresses of pods.

Such an answer is for the address of a pod, and would be passed on to that. So it gets a mark when there is a socket of
the Envoy that it is for, and what has the mark stays on the node (`local_routes`). The marks are in a table of their
own: redirects go before the Envoy does, and what that has asked by then is still answered.
https://docs.kernel.org/networking/tproxy.html
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final

from gatewayd.agent import kernel, local_routes
from gatewayd.agent.bridged import bridged
from gatewayd.agent.envoy import is_there
from gatewayd.agent.kernel import KernelError
from gatewayd.agent.table import FAMILY, Command, removed
from gatewayd.ir.mesh import NODE_PROBES_PORT

MARKS: Final = "gatewayd-source"
"""The name of the table."""
_LOOK_SECONDS: Final = 0.1
_BEFORE_ROUTING: Final = -150
"""After the kernel has found which connection a packet is of (-200)."""


def marked() -> tuple[Command, ...]:
    """Return what has answers marked, whatever there is of it."""
    chain = {"family": FAMILY, "table": MARKS, "name": "answers"}
    hook = {"type": "filter", "hook": "prerouting", "prio": _BEFORE_ROUTING, "policy": "accept"}
    mark = {"meta": {"key": "mark"}}
    kinds = {"set": ["tcp", "icmp", "ipv6-icmp"]}  # ICMP says that a packet was too big
    expressions = [
        _equal({"ct": {"key": "direction"}}, "reply"),
        _equal({"meta": {"key": "l4proto"}}, kinds),
        _equal({"socket": {"key": "transparent"}}, 1),
        _equal({"socket": {"key": "wildcard"}}, 0),  # the Envoy's listeners, whose ports pods may send from
        {"mangle": {"key": mark, "value": {"|": [mark, local_routes.MARK]}}},
    ]
    return (
        {"add": {"table": {"family": FAMILY, "name": MARKS}}},
        {"add": {"chain": {**chain, **hook}}},
        {"flush": {"chain": chain}},
        {"add": {"rule": {"family": FAMILY, "table": MARKS, "chain": "answers", "expr": expressions}}},
    )


def unmarked() -> tuple[Command, ...]:
    """Return what has nothing marked, whether or not it was."""
    table = {"table": {"family": FAMILY, "name": MARKS}}
    return ({"add": table}, {"delete": table})


def _equal(left: Command, right: Any) -> Command:
    return {"match": {"op": "==", "left": left, "right": right}}


class KeptSources:
    """Transactions of a node whose Envoy makes connections with the addresses of pods.

    `addresses` are the node's own. Where answers cannot be brought back there are no redirects, as the Envoy would
    reach nobody; or, where pods shall not get by without an Envoy, only redirects. `envoy_ends`: the longest in seconds
    that an Envoy takes for it.
    """

    def __init__(self, addresses: Iterable[str], *, fails_open: bool, envoy_ends: float) -> None:
        self._versions = tuple(ip_address(each).version for each in addresses)
        self._fails_open = fails_open
        self._envoy_ends = envoy_ends

    async def apply(self, commands: Iterable[Command]) -> None:
        """Have one transaction taken, and answers brought back from then on; raises KernelError."""
        transaction = tuple(commands)
        try:
            await self._bring_back()
        except KernelError as error:
            await kernel.apply(removed() if self._fails_open else transaction)
            raise KernelError(f"the addresses of pods cannot be kept: {error}") from error
        await kernel.apply(transaction)

    async def _bring_back(self) -> None:
        if name := bridged():
            raise KernelError(f"{name} is a port of a bridge, by which pods answer each other past the node")
        local_routes.add(self._versions)
        await kernel.apply(marked())

    async def end(self) -> None:
        """Bring answers back until the Envoy has ended, then no more; a second signal ends the waiting."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._envoy_ends):
                    while await is_there(NODE_PROBES_PORT):  # noqa: ASYNC110 - it is no child of this process
                        await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await forget()


async def forget() -> None:
    """Take away what may be there of it. What cannot be marks no packet, or leads none anywhere."""
    with suppress(KernelError):
        local_routes.remove((4, 6))
    with suppress(KernelError):
        await kernel.apply(unmarked())
