"""A world before its judges: a second reader of the bytes, Envoy, and `explain` against what Envoy does."""

import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from gatewayd.api.decode import Decoded, decode
from gatewayd.explain.trace import Translated, traces
from gatewayd.ir.proxy import HTTPTraffic, ProxyConfig, StreamListener
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler
from gatewayd.store import Delta
from gatewayd.xds.resource import Resource, Snapshot
from tests.feature.harness.http1 import Answer
from tests.golden.second_reader import differences
from tests.worlds.generator import Aim, Asked, World, always, moved, requests
from tests.worlds.oracle import possible
from tests.worlds.rig import Rig

TRIES: Final = 3
"""How often a request is asked before its answer counts as wrong: Envoy's workers change over after its main thread has
ACKed, so that the first answer may be that of the world before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong in a world, and the request that shows it, if it takes one."""

    text: str
    asked: Asked | None = None


class Judge:
    """Judges worlds one after the other with one rig. `asked` counts requests, `read` the resources read twice."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._read: dict[tuple[str, str, str], list[str]] = {}
        self.asked = 0

    @property
    def read(self) -> int:
        """Return how many different resources both readers have read."""
        return len(self._read)

    async def faults(self, world: World, asked: Sequence[Asked] | None = None) -> list[Fault]:
        """Return what is wrong; with `asked` these requests are asked instead of those of the world's number."""
        translated = self.translated(world)
        found = [Fault(text=f"{each}") for each in translated.store.engine.failures]
        for fleet, snapshot in sorted(translated.snapshots.items()):
            found += [Fault(text=each) for each in self._second_reading(snapshot)]
            if refused := await self._rig.take(snapshot):
                found.append(Fault(text=f"{fleet}: {refused}"))
                continue
            config = translated.configs[fleet]
            asking = requests(world.seed, aims(config)) if asked is None else asked
            found += await self.disagreements(translated, config, asking)
        return found

    def translated(self, world: World) -> Reconciler:
        """Return what is made of a world."""
        return offline(self._deltas(world), self._rig.environment)

    async def disagreements(self, translated: Reconciler, config: ProxyConfig, asked: Iterable[Asked]) -> list[Fault]:
        """Ask Envoy, and return where it does something else than this configuration says."""
        ports = {each.port for each in aims(config)}
        asking = [each for each in asked if each.port in ports]
        return [fault for each in asking if (fault := await self._disagreement(translated, config, each))]

    def _deltas(self, world: World) -> list[Delta]:
        deltas = []
        for each in (*always(), *moved(world.objects, self._rig.place)):
            decoded = decode(each)
            assert isinstance(decoded, Decoded), [str(problem) for problem in decoded.problems]
            deltas.append(Delta(kind=decoded.kind.struct, key=decoded.key, obj=decoded.obj))
        return deltas

    def _second_reading(self, snapshot: Snapshot) -> list[str]:
        resources = [each for kind in snapshot.resources.values() for each in kind.values()]
        return [line for each in resources for line in self._differences(each)]

    def _differences(self, resource: Resource) -> list[str]:
        at = (resource.type_url, resource.name, resource.version)
        if at not in self._read:
            self._read[at] = list(differences(resource))
        return self._read[at]

    async def _disagreement(self, translated: Reconciler, config: ProxyConfig, asked: Asked) -> Fault | None:
        whole = Translated(engine=translated.store.engine, configs=(config,))
        [trace] = traces(whole, asked.sent, asked.port)
        right = possible(trace, config, asked.sent)
        self.asked += 1
        for _ in range(TRIES):
            answer = await self._rig.ask(asked, trusting())
            if any(each.fits(answer) for each in right):
                return None
        text = f"{config.fleet} {asked.port} {asked.sent}: Envoy {_shown(answer)}, by {trace.end}: {right}"
        return Fault(text=text, asked=asked)


def aims(config: ProxyConfig) -> list[Aim]:
    """Return where requests over TCP can be sent, and the rules that may take them."""
    tables = {each.key: each for each in config.route_tables}
    listeners = [each for each in config.listeners if isinstance(each, StreamListener)]
    rules = [
        Aim(port=listener.port, scheme=chain.traffic.scheme, domain=host.domain, match=route.match)
        for listener in listeners
        for chain in listener.chains
        if isinstance(chain.traffic, HTTPTraffic)
        for host in tables[chain.traffic.table].virtual_hosts
        for route in host.routes
    ]
    return [*(Aim(port=each.port, scheme=_scheme(each)) for each in listeners), *rules]


def _scheme(listener: StreamListener) -> str:
    traffic = {each.traffic.scheme for each in listener.chains if isinstance(each.traffic, HTTPTraffic)}
    return "https" if listener.inspect_tls or "https" in traffic else "http"


def _shown(answer: Answer | None) -> str:
    if answer is None:
        return "closed the connection"
    return f"{answer.status} {dict(answer.headers)} {answer.body[:500]!r}"


@cache
def trusting() -> ssl.SSLContext:
    """Return a context for clients who trust everybody."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
