"""Why a Gateway, a ListenerSet or a GatewayClass works or does not: conditions, listeners, policies, routes, proxies.

Pure: made of the same queries that decided.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.policies import listener_sections
from gatewayd.explain.steps import Knowledge, Mark, Step, member_name, policy_step, verdict_step
from gatewayd.incremental.view import Member
from gatewayd.ir.conditions import CONDITIONS, FulfilledBy, is_good
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import GatewayOutcome, ListenerOutcome, ListenerSetOutcome, Verdict
from gatewayd.translator.attachment import ATTACHED
from gatewayd.translator.gateways.gatewayclass import GATEWAYS_BY_CLASS
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.gateways.listeners import SETS_BY_GATEWAY, MergedListener
from gatewayd.translator.outcomes.gateways_and_routes import (
    gateway_outcome,
    gatewayclass_outcome,
    listenerset_outcome,
)
from gatewayd.translator.proxies.at_listener import ListenerOf

_MOST_NAMED: Final = 10
"""Of a thousand routes the first few are named, and all are counted."""


def gatewayclass_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of a GatewayClass that exists."""
    row = known.engine.get(GatewayClass, member.key)
    if row is None:
        return
    yield _root(known, member, f"generation {row.metadata.generation}, controller {row.spec.controller_name}")
    outcome = gatewayclass_outcome(known.engine, member)
    if outcome is None:
        yield _foreign(known, member, "spec.controllerName", "is another controller's name")
        return
    yield from _verdicts(known, None, 1, outcome.verdicts)
    gateways = [each.key for each in known.engine.bucket(GATEWAYS_BY_CLASS, row.metadata.name)]
    yield _counted(1, "Gateways", sorted(map(str, gateways)))


def gateway_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of a Gateway that exists."""
    view = known.engine
    row = view.get(Gateway, member.key)
    if row is None:
        return
    yield _root(known, member, f"generation {row.metadata.generation}, class {row.spec.gateway_class_name}")
    outcome = gateway_outcome(view, member)
    if outcome is None:
        says = f"GatewayClass {row.spec.gateway_class_name} does not exist or is another controller's"
        yield _foreign(known, member, "spec.gatewayClassName", says)
        return
    gateway = row.metadata.key
    yield from _verdicts(known, gateway, 1, outcome.verdicts)
    yield from _addresses(outcome)
    yield from _proxies(known, gateway)
    yield from _listeners(known, gateway, member, outcome)
    for listener_set in view.group(SETS_BY_GATEWAY, gateway):
        yield from _summary(known, Member(ListenerSet, listener_set.key))


def listenerset_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of a ListenerSet that exists."""
    row = known.engine.get(ListenerSet, member.key)
    if row is None:
        return
    yield _root(known, member, f"generation {row.metadata.generation}")
    outcome = listenerset_outcome(known.engine, member)
    gateway = row.parent
    if outcome is None:
        says = f"Gateway {gateway} does not exist or is another controller's"
        yield _foreign(known, member, "spec.parentRef", says)
        return
    place = known.place(member, "spec.parentRef")
    yield Step(depth=1, mark=Mark.INFO, subject=f"parent Gateway {gateway}", says="of gatewayd", place=place)
    yield from _verdicts(known, gateway, 1, outcome.verdicts)
    yield from _proxies(known, gateway)
    yield from _listeners(known, gateway, member, outcome)


def _root(known: Knowledge, member: Member, says: str) -> Step:
    return Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=says, place=known.place(member))


def _foreign(known: Knowledge, member: Member, field: str, says: str) -> Step:
    return Step(depth=1, mark=Mark.BAD, subject=field, says=says, place=known.place(member, field))


def _verdicts(
    known: Knowledge, gateway: ObjectKey | None, depth: int, verdicts: tuple[Verdict, ...], place: str = ""
) -> Iterator[Step]:
    """Yield what the conditions say; where no proxy can be asked, what a proxy fulfils is nothing to blame."""
    for verdict in verdicts:
        by_proxy = CONDITIONS[verdict.type].fulfilled_by is FulfilledBy.PROXY
        if by_proxy and gateway is not None and known.report(_fleet(gateway)) is None:
            yield Step(depth=depth, mark=Mark.INFO, subject=verdict.type, says="not asked, nothing is running")
        else:
            yield verdict_step(depth, verdict.type, verdict, "" if is_good(verdict) else place)


def _fleet(gateway: ObjectKey) -> GatewayFleet:
    return GatewayFleet(namespace=gateway.namespace, name=gateway.name)


def _addresses(outcome: GatewayOutcome) -> Iterator[Step]:
    shown = ", ".join(each.value for each in outcome.addresses)
    if shown:
        yield Step(depth=1, mark=Mark.INFO, subject="addresses", says=shown)


def _proxies(known: Knowledge, gateway: ObjectKey) -> Iterator[Step]:
    report = known.report(_fleet(gateway))
    if report is None:
        return
    mark = Mark.GOOD if report.connected else Mark.BAD
    says = f"{report.connected} connected" if report.connected else "none is connected"
    yield Step(depth=1, mark=mark, subject="proxies", says=says)
    for refused in report.rejections:
        says = f"{', '.join(refused.names)}: {refused.message}"
        yield Step(depth=2, mark=Mark.BAD, subject="refused", says=says)


def _listeners(
    known: Knowledge, gateway: ObjectKey, member: Member, outcome: GatewayOutcome | ListenerSetOutcome
) -> Iterator[Step]:
    merged = {each.key.section: each for each in own_listeners(known.engine, member)}
    for listener in outcome.listeners:
        yield from _listener(known, gateway, member, listener, merged.get(listener.name))


def _listener(
    known: Knowledge, gateway: ObjectKey, member: Member, listener: ListenerOutcome, merged: MergedListener | None
) -> Iterator[Step]:
    place = "" if merged is None else known.place(member, merged.path)
    yield Step(
        depth=1,
        mark=Mark.INFO,
        subject=f"listener {listener.name} :{listener.port}",
        says=_carries(merged),
        place=place,
    )
    yield from _verdicts(known, gateway, 2, listener.verdicts, place)
    if merged is None:
        return
    for section in listener_sections(known.engine, ListenerOf(gateway, merged.key)):
        yield policy_step(known, 2, "policy", section)
    routes = sorted(f"{each.table.__name__} {each.key}" for each in known.engine.bucket(ATTACHED, merged.key))
    yield _counted(2, "routes", routes)


def _carries(merged: MergedListener | None) -> str:
    if merged is None or merged.protocol is None:
        return "not served"
    kinds = ", ".join(kind.kind for kind in merged.kinds) or "nothing"
    return f"{merged.protocol.name} for {merged.hostname}, takes {kinds}"


def _counted(depth: int, subject: str, names: list[str]) -> Step:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(islice(names, _MOST_NAMED)) + (f" and {more} more" if more > 0 else "")
    says = f"{len(names)}: {shown}" if names else "none"
    return Step(depth=depth, mark=Mark.INFO, subject=subject, says=says)


def _summary(known: Knowledge, listener_set: Member) -> Iterator[Step]:
    """Say of a ListenerSet of a Gateway whether it is accepted; `gatewayd why listenerset/...` says more."""
    outcome = listenerset_outcome(known.engine, listener_set)
    if outcome is not None:
        place = known.place(listener_set)
        yield verdict_step(1, member_name(listener_set), outcome.verdicts[0], place)
