"""What `gatewayd up` and `gatewayd status` show: the Board of `standalone/rows.py`, filled from what is known.

In: outcomes, progress, what the fleet reports, findings. Out: a Board. Pure but for what it reads; nothing is judged.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.api.gateway import Gateway
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.introspection.route_progress import Progress, RouteName, RouteProgress
from gatewayd.introspection.rows import Acked, Board, Condition, GatewayRow, Mark, RouteRow
from gatewayd.ir.conditions import ACCEPTED, PROGRAMMED, RESOLVED_REFS, holds, verdict_of
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.outcome import (
    FleetReport,
    GatewayOutcome,
    ListenerOutcome,
    Outcome,
    ParentOutcome,
    RouteOutcome,
    Verdict,
)
from gatewayd.manifests.documents import FileProblem
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.filter_chains import bound_port
from gatewayd.translator.proxies.virtualhosts import carries_http, route_discovery, table_of

_NOT_KNOWN: Final = Condition(mark=Mark.UNKNOWN, reason="")
_NOT_OURS: Final = Condition(mark=Mark.UNKNOWN, reason="no Gateway of gatewayd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that a board is made of. `report` is what a fleet says; `acked_at` a time of day, or ""."""

    engine: Engine
    outcomes: Mapping[Member, Outcome]
    progress: Progress
    report: Callable[[FleetKey], FleetReport]
    acked_at: Mapping[FleetKey, str]
    problems: tuple[FileProblem, ...]
    notices: tuple[str, ...]


def board(sight: Sight) -> Board:
    """Draw up the board: Gateways and routes by kind, namespace and name."""
    return Board(
        gateways=tuple(_gateways(sight)),
        routes=tuple(_routes(sight)),
        problems=sight.problems,
        notices=sight.notices,
    )


def _gateways(sight: Sight) -> Iterator[GatewayRow]:
    for key, _ in sorted(sight.engine.rows(Gateway)):
        outcome = sight.outcomes.get(Member(Gateway, key))
        if isinstance(outcome, GatewayOutcome):
            yield GatewayRow(
                name=str(key),
                listeners=tuple(_listener(sight.engine, key, each) for each in outcome.listeners),
                address=", ".join(each.value for each in outcome.addresses),
                accepted=condition(outcome.verdicts, ACCEPTED),
                programmed=condition(outcome.verdicts, PROGRAMMED),
                acked_at=sight.acked_at.get(GatewayFleet(namespace=key.namespace, name=key.name), ""),
            )


def _listener(engine: Engine, gateway: ObjectKey, outcome: ListenerOutcome) -> str:
    bound = bound_port(engine, outcome.port)
    asides = [f"served on :{bound}"] if bound != outcome.port else []
    asides += ["routes per host"] if _is_per_host(engine, gateway, outcome) else []
    return f"{outcome.name} :{outcome.port}" + (f" ({', '.join(asides)})" if asides else "")


def _is_per_host(engine: Engine, gateway: ObjectKey, outcome: ListenerOutcome) -> bool:
    return any(
        route_discovery(engine, table_of(gateway, each)) is RouteDiscovery.PER_HOST
        for each in own_listeners(engine, Member(Gateway, gateway))
        if each.key.section == outcome.name and carries_http(each)
    )


def _routes(sight: Sight) -> Iterator[RouteRow]:
    for table in ROUTE_TABLES:
        kind = BY_STRUCT[table].kind
        for key, row in sorted(sight.engine.rows(table)):
            outcome = sight.outcomes.get(Member(table, key))
            parents = outcome.parents if isinstance(outcome, RouteOutcome) else ()
            progress = sight.progress.at(RouteName(kind.lower(), key.namespace, key.name))
            yield RouteRow(
                kind=kind,
                name=str(key),
                hostnames=tuple(getattr(row.spec, "hostnames", ())),
                parents=tuple(_parent(each, key) for each in parents),
                accepted=_worst(parents, ACCEPTED),
                resolved_refs=_worst(parents, RESOLVED_REFS),
                programmed=_programmed(sight, parents, progress),
                acked=_acked(sight, progress),
            )


def _parent(parent: ParentOutcome, route: ObjectKey) -> str:
    ref = parent.ref
    namespace = ref.namespace or route.namespace
    section = f"/{ref.section}" if ref.section else ""
    port = f":{ref.port}" if ref.port else ""
    return f"{namespace}/{ref.name}{section}{port}"


def condition(verdicts: tuple[Verdict, ...], kind: str) -> Condition:
    """Return one condition of several, as it is shown; the message stands beside the reason."""
    verdict = verdict_of(verdicts, kind)
    if verdict is None:
        return _NOT_KNOWN
    return Condition(mark=Mark.TRUE if verdict.status else Mark.FALSE, reason=_words(verdict))


def _words(verdict: Verdict) -> str:
    return verdict.reason if verdict.status or not verdict.message else f"{verdict.reason}: {verdict.message}"


def _worst(parents: tuple[ParentOutcome, ...], kind: str) -> Condition:
    """Return the condition of the parent that is worst off; one that is not of ours has none."""
    found = [condition(each.verdicts, kind) for each in parents]
    return min(found, key=lambda each: each.mark is Mark.TRUE, default=_NOT_OURS)


def _programmed(
    sight: Sight, parents: tuple[ParentOutcome, ...], progress: Mapping[FleetKey, RouteProgress]
) -> Condition:
    """Return whether proxies of every Gateway that the route is attached to hold it."""
    if not any(holds(parent.verdicts, ACCEPTED) for parent in parents):
        return _NOT_KNOWN
    for fleet, each in progress.items():
        if each.arrived is None:
            return _why_not(sight.report(fleet), each)
    if not progress:
        return Condition(mark=Mark.FALSE, reason="Pending: no listener or no rule of it works")
    return Condition(mark=Mark.TRUE, reason=PROGRAMMED)


def _why_not(report: FleetReport, progress: RouteProgress) -> Condition:
    carriers = {(each.type_url, each.name) for each in progress.carriers}
    for rejection in report.rejections:
        if any((rejection.type_url, name) in carriers for name in rejection.names):
            return Condition(mark=Mark.FALSE, reason=f"Invalid: the proxy refused it: {rejection.message}")
    waiting = "not ACKed yet" if report.connected else "no proxy is connected yet"
    return Condition(mark=Mark.FALSE, reason=f"Pending: {waiting}")


def _acked(sight: Sight, progress: Mapping[FleetKey, RouteProgress]) -> Acked | None:
    """Return how many proxies hold the route, and how long the slowest Gateway took; None before all have it."""
    times = [each.seconds for each in progress.values()]
    arrived = [seconds for seconds in times if seconds is not None]
    if not times or len(arrived) < len(times):
        return None
    return Acked(
        proxies=sum(each.proxies for each in progress.values()),
        of=sum(sight.report(fleet).connected for fleet in progress),
        milliseconds=max(arrived) * 1000,
    )
