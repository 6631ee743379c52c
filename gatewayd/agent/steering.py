"""Keeps the packet filter at what is wanted: the redirects that the Envoy acknowledged, the pods, whether it is alive.

In: what is wanted, whenever something of it changes. Out: transactions, one after the other. What a transaction leaves
undone, because the kernel refuses it or somebody has removed the table, the next one does anew as a whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gatewayd.agent import table as tables
from gatewayd.agent.envoy import Health, bound
from gatewayd.agent.kernel import KernelError
from gatewayd.agent.table import Command, FoundTable, NodeTable
from gatewayd.ir.mesh import ListeningPort, NodeRedirect

REFRESH_SECONDS: Final = 5.0
"""The kernel is told so often that the Envoy is alive: twice it may fail."""
BOUND_SECONDS: Final = 2.0
"""How long a port of the proxy that is new is waited for: an Envoy acknowledges a listener before it listens."""
LEAVING_SECONDS: Final = 1.0
"""How long connections that have begun may still send what they are for, before the Envoy forgets what that is."""
TAKEN_OVER_SECONDS: Final = 15.0
"""How long an Envoy alone is not believed, of what the agent before led nobody to any more: that may have been told
so just before its end, and not the Envoy. So long a control plane that starts may take to say it again."""
PODS_SECONDS: Final = 5.0
"""How long a first table waits until it is known whose pods there are: else they would get the routes of everybody."""
_LOOK_SECONDS: Final = 0.02

_log = structlog.get_logger("gatewayd.agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What there is of the node: how a transaction is carried out, which ports are listened on, what time it is.

    `found`: what the table holds that an agent before has left, if there is one.
    """

    apply: Callable[[Iterable[Command]], Awaitable[None]]
    found: Callable[[], Awaitable[FoundTable | None]]
    bound: Callable[[Iterable[ListeningPort]], frozenset[ListeningPort]] = bound
    clock: Callable[[], float]


class Steering:
    """See the module's text. Nothing is changed before the first redirects are known."""

    def __init__(self, kernel: Kernel, *, addresses: tuple[str, ...], fails_open: bool) -> None:
        self._kernel = kernel
        self._turn = asyncio.Lock()
        self._wanted: NodeTable | None = None
        self._empty = NodeTable(addresses=addresses, redirects=frozenset(), callers=frozenset(), fails_open=fails_open)
        self._namespaces: Mapping[str, str] = {}
        # Callers of the table that an agent before this one has left, until it is known which pods there are.
        self._found: frozenset[tuple[str, int]] = frozenset()
        self._knows_pods = False
        # What the Envoy says that it has, of which that table knew nothing; and until when it is not believed.
        self._doubted: frozenset[NodeRedirect] = frozenset()
        self._doubts_until = float("-inf")
        self._pods_until = float("-inf")
        # Ports of the proxy that have been seen to be listened on since it is alive.
        self._bound: frozenset[ListeningPort] = frozenset()
        # What the kernel has; None while that is unknown.
        self._applied: NodeTable | None = None
        self._is_alive = False
        # Whether it has been asked whether it serves, and has not said so yet.
        self._is_silent = False
        self._refreshed = float("-inf")

    @property
    def has_consumers(self) -> bool:
        """Return whether it matters which namespace a pod is of."""
        return self._wanted is not None and any(each.callers for each in self._wanted.redirects)

    async def redirect(self, redirects: frozenset[NodeRedirect], recalled: frozenset[NodeRedirect]) -> None:
        """Lead connections as the redirects say, from when this returns on.

        `recalled`: those that the Envoy has from before, of which no control plane has told since.
        """
        async with self._turn:
            if self._wanted is None:
                await self._take_over(recalled)
            await self._until_bound(redirects)
            before = self._wanted or self._empty
            leaving = (before.leaving | (before.redirects - self._doubted)) - redirects
            self._doubted &= recalled
            self._wanted = replace(before, redirects=redirects, leaving=leaving)
            await self._follow()

    async def let_go(self) -> None:
        """Return when what is led to the Envoy no more may be taken from it.

        Whoever connected just before has his answer by then; who sends more on a connection that he keeps is cut off.
        """
        leaving = self._wanted.leaving if self._wanted is not None else frozenset()
        await asyncio.sleep(LEAVING_SECONDS)
        async with self._turn:
            if self._wanted is not None:
                self._wanted = replace(self._wanted, leaving=self._wanted.leaving - leaving)
                await self._follow()

    async def know_pods(self, namespaces: Mapping[str, str]) -> None:
        """Take which address belongs to which namespace; until then they are those that the kernel has."""
        async with self._turn:
            self._namespaces, self._found, self._knows_pods = namespaces, frozenset(), True
            await self._follow()

    async def beat(self, health: Health) -> None:
        """Take how the Envoy is, and tell the kernel what follows; call it each second."""
        async with self._turn:
            now = self._kernel.clock()
            was_alive = self._is_alive
            if now >= self._doubts_until:
                self._doubted = frozenset()
            self._is_silent = health is Health.SILENT
            # One that is silent is taken for what it was; but the kernel is not told so again.
            self._is_alive = health is Health.SERVES or (health is Health.SILENT and was_alive)
            if self._is_alive != was_alive:
                self._told_alive()
                self._bound = frozenset()
            if self._wanted is None or self._waits_for_pods():
                return  # what it is by then goes into the table with the first redirects
            if not self._is_alive:
                if was_alive:
                    await self._tell(tables.not_alive())
            elif health is Health.SERVES and (not was_alive or now - self._refreshed >= REFRESH_SECONDS):
                self._refreshed = now
                await self._tell(tables.alive())
            await self._follow()

    async def end(self) -> None:
        """Take the table away; where pods shall not get by without an Envoy it stays."""
        async with self._turn:
            if self._empty.fails_open:
                await self._tell(tables.removed())
            self._wanted = self._applied = None

    async def _take_over(self, recalled: frozenset[NodeRedirect]) -> None:
        """Go on from the table that is there, with what the Envoy has from before."""
        if self._is_silent:
            self._is_alive = True  # it has just said what it has
        table = await self._kernel.found()
        if table is None:
            self._pods_until = self._kernel.clock() + PODS_SECONDS
            return
        if not self._knows_pods:
            self._found = table.callers
        self._doubted = frozenset(each for each in recalled if not table.leads(each))
        self._doubts_until = self._kernel.clock() + TAKEN_OVER_SECONDS

    def _waits_for_pods(self) -> bool:
        """Return whether nobody is led yet, since it is not known whose pods there are."""
        if self._knows_pods or self._applied is not None or not self.has_consumers:
            return False
        return self._kernel.clock() < self._pods_until

    def _told_alive(self) -> None:
        if self._is_alive:
            _log.info("envoy alive")
        else:
            _log.warning("envoy away")

    def _bound_of(self, ports: set[ListeningPort]) -> frozenset[ListeningPort]:
        """Return those of the ports that the Envoy listens on. Whoever looks reads all connections of the node."""
        if not ports <= self._bound:
            self._bound |= self._kernel.bound(ports - self._bound)
        return self._bound

    async def _until_bound(self, redirects: frozenset[NodeRedirect]) -> None:
        before = self._wanted.redirects if self._wanted is not None else frozenset()
        new = {each.listening for each in redirects} - {each.listening for each in before}
        deadline = self._kernel.clock() + BOUND_SECONDS
        while not new <= self._bound_of(new) and self._kernel.clock() < deadline:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_LOOK_SECONDS)

    async def _follow(self) -> None:
        """Make the table what is wanted, as far as the Envoy listens."""
        if self._wanted is None or self._waits_for_pods():
            return
        believed = self._wanted.redirects - self._doubted
        there = self._bound_of({each.listening for each in believed})
        # Where pods shall not get by, a port that nobody listens on is a closed door.
        is_open = self._wanted.fails_open
        redirects = frozenset(each for each in believed if each.listening in there or not is_open)
        views = {each.callers: each.proxy_port for each in redirects if each.callers}
        callers = frozenset(
            (address, views[namespace]) for address, namespace in self._namespaces.items() if namespace in views
        ) | frozenset(each for each in self._found if each[1] in views.values())
        wanted = replace(self._wanted, redirects=redirects, callers=callers)
        commands = tables.difference(self._applied, wanted) if self._applied is not None else None
        if commands is None:
            commands = tables.whole(wanted, alive=self._is_alive)
        if commands and await self._tell(commands):
            self._applied = wanted

    async def _tell(self, commands: Iterable[Command]) -> bool:
        """Have a transaction carried out; after one that was not, nothing is known of the table."""
        try:
            await self._kernel.apply(commands)
        except KernelError as error:
            self._applied = None
            _log.error("redirects not in place", error=str(error))
            return False
        return True
