"""The rows of the overview: what follows from objects, joined with how far each is in the proxies.

In: an `Overview` of the engine's output BOARD, progress, what the fleet reports. Out: rows. Pure; nothing is judged.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Table
from gatewayd.introspection.route_progress import RouteProgress
from gatewayd.introspection.rows import Acked, Condition, ConditionMark, GatewayRow, RouteRow
from gatewayd.ir.conditions import ACCEPTED, PROGRAMMED, REFUSED_BY_PROXY, RESOLVED_REFS, holds, verdict_of
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import FleetReport, ParentOutcome, Verdict
from gatewayd.ir.overview import GatewayOverview, ListenerOverview, RouteOverview

Report: TypeAlias = Callable[[FleetKey], FleetReport]
"""What the proxies of a fleet have."""

_NOT_KNOWN: Final = Condition(mark=ConditionMark.UNKNOWN, reason="")
_NOT_OURS: Final = Condition(mark=ConditionMark.UNKNOWN, reason="no Gateway of gatewayd")


def gateway_row(key: ObjectKey, overview: GatewayOverview, acked_at: str) -> GatewayRow:
    """Return the row of a Gateway; `acked_at` is a date and a time of day, or ""."""
    return GatewayRow(
        name=str(key),
        listeners=tuple(map(_listener, overview.listeners)),
        address=", ".join(overview.addresses),
        accepted=condition(overview.verdicts, ACCEPTED),
        programmed=condition(overview.verdicts, PROGRAMMED),
        acked_at=acked_at,
    )


def _listener(listener: ListenerOverview) -> str:
    asides = [f"served on :{listener.bound}"] if listener.bound != listener.port else []
    asides += ["routes per host"] if listener.per_host else []
    return f"{listener.name} :{listener.port}" + (f" ({', '.join(asides)})" if asides else "")


def route_row(
    table: Table, key: ObjectKey, overview: RouteOverview, progress: Mapping[FleetKey, RouteProgress], report: Report
) -> RouteRow:
    """Return the row of a route; `progress` is how far it is at each Gateway."""
    parents = overview.parents
    return RouteRow(
        kind=BY_STRUCT[table].kind,
        name=str(key),
        hostnames=overview.hostnames,
        parents=tuple(_parent(parent, key) for parent in parents),
        accepted=_worst(parents, ACCEPTED),
        resolved_refs=_worst(parents, RESOLVED_REFS),
        programmed=_programmed(parents, progress, report),
        acked=_acked(progress, report),
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
    return Condition(mark=ConditionMark.TRUE if verdict.status else ConditionMark.FALSE, reason=_words(verdict))


def _words(verdict: Verdict) -> str:
    return verdict.reason if verdict.status or not verdict.message else f"{verdict.reason}: {verdict.message}"


def _worst(parents: tuple[ParentOutcome, ...], kind: str) -> Condition:
    """Return the condition of the parent that is worst off; one that is not of ours has none."""
    conditions = [condition(parent.verdicts, kind) for parent in parents]
    return min(conditions, key=lambda each: each.mark is ConditionMark.TRUE, default=_NOT_OURS)


def _programmed(
    parents: tuple[ParentOutcome, ...], progress: Mapping[FleetKey, RouteProgress], report: Report
) -> Condition:
    """Return whether proxies of every Gateway that the route is attached to hold it."""
    if not any(holds(parent.verdicts, ACCEPTED) for parent in parents):
        return _NOT_KNOWN
    # In an order of their own: a replica that has just started hears of them in another than one that has run for long.
    for fleet in sorted(progress, key=str):
        if progress[fleet].arrived is None:
            return _why_not(report(fleet), progress[fleet])
    if not progress:
        return Condition(mark=ConditionMark.FALSE, reason="Pending: no listener or no rule of it works")
    # Some hold it, and others refuse it.
    for refused in filter(None, (verdict_of(parent.verdicts, REFUSED_BY_PROXY) for parent in parents)):
        return Condition(mark=ConditionMark.FALSE, reason=f"{refused.reason}: {refused.message}")
    return Condition(mark=ConditionMark.TRUE, reason=PROGRAMMED)


def _why_not(report: FleetReport, progress: RouteProgress) -> Condition:
    carriers = {(carrier.type_url, carrier.name) for carrier in progress.carriers}
    for rejection in report.rejections:
        if any((rejection.type_url, name) in carriers for name in rejection.names):
            return Condition(mark=ConditionMark.FALSE, reason=f"Invalid: the proxy refused it: {rejection.message}")
    waiting = "not ACKed yet" if report.connected else "no proxy is connected yet"
    return Condition(mark=ConditionMark.FALSE, reason=f"Pending: {waiting}")


def _acked(progress: Mapping[FleetKey, RouteProgress], report: Report) -> Acked | None:
    """Return how many proxies hold the route, and how long the slowest Gateway took; None before all have it."""
    times = [each.seconds for each in progress.values()]
    arrived = [seconds for seconds in times if seconds is not None]
    if not times or len(arrived) < len(times):
        return None
    return Acked(
        proxies=sum(each.proxies for each in progress.values()),
        of=sum(report(fleet).connected for fleet in progress),
        milliseconds=max(arrived) * 1000,
    )
