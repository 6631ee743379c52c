"""Why a route works or does not: the chain from its parentRefs to the endpoints and the proxies, step by step.

Pure: made of the same queries that decided.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.cut_off import Reached
from gatewayd.explain.ingress_chain import annotation_steps, resolved_refs, without_gateway
from gatewayd.explain.matching import match_words
from gatewayd.explain.member_steps import member_steps
from gatewayd.explain.mesh_chain import rules_of_services, service_steps
from gatewayd.explain.policies import backend_sections, sections_in_force
from gatewayd.explain.refusal_steps import refusal_steps
from gatewayd.explain.shadows import shadows
from gatewayd.explain.steps import Knowledge, Mark, Step, Words, member_name, policy_step, policy_steps, verdict_step
from gatewayd.incremental.view import Member, View
from gatewayd.ir.backend import Discovered, InvalidBackend, ServiceBackend, Upstream
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import APP_ROOT, DEFAULT_BACKEND, DirectResponse, Forward, Redirect, Route, RouteTable, RuleRef
from gatewayd.ir.outcome import FleetReport
from gatewayd.ir.proxy import listener_name
from gatewayd.translator.attachment import Attached, ParentAttachment, attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.backends.endpoints import left_out_of
from gatewayd.translator.backends.imports import clusters_of, imported
from gatewayd.translator.mesh.meshes import MESH
from gatewayd.translator.policies.attach import PORTED, UPSTREAM_KINDS
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.at_listener import ListenerOf
from gatewayd.translator.proxies.filter_chains import bound_port
from gatewayd.translator.proxies.proxy_config import proxy_config
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet

TABLES = {table.__name__.lower(): table for table in ROUTE_TABLES}


def route_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of a route that exists: parents, listeners, policies, rules, backends."""
    view = known.engine
    row = view.get(member.table, member.key)
    if row is None:
        return
    says = f"generation {row.metadata.generation}"
    yield Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=says, place=known.place(member))
    parents = attachments(view, member)
    services = tuple(service_steps(known, member))
    if not parents and not services:
        yield from _unparented(known, member)
    for parent in parents:
        yield from _parent(known, member, parent)
    if member.table is Ingress:
        yield from annotation_steps(known, member)
    yield from services
    gateways = [each.gateway for each in parents if each.attached]
    of_services = rules_of_services(view, member)
    ruled = rules(view, member)
    if parents or of_services is None or of_services == ruled:
        yield from _rules(known, member, gateways or ([] if of_services is None else [MESH]), ruled)
    if of_services is not None and of_services != ruled:
        yield from _rules(known, member, [MESH], of_services)


def _unparented(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield why a route leads to no Gateway of ours."""
    if member.table is Ingress:
        yield from without_gateway(known, member)
        return
    says = "leads to no Gateway of gatewayd: it does not exist, or its class is another controller's"
    place = known.place(member, "spec.parentRefs")
    yield Step(depth=1, mark=Mark.BAD, subject="spec.parentRefs", says=says, place=place)


def _parent(known: Knowledge, member: Member, parent: ParentAttachment) -> Iterator[Step]:
    view = known.engine
    section = f", section {parent.ref.section}" if parent.ref.section else ""
    place = known.place(member, "spec.ingressClassName" if member.table is Ingress else "spec.parentRefs")
    yield verdict_step(1, f"parent {parent.ref.kind} {parent.gateway}{section}", parent.verdict, place)
    fleet = GatewayFleet(namespace=parent.gateway.namespace, name=parent.gateway.name)
    yield from refusal_steps(known, member, parent, fleet)
    for attached in parent.attached:
        hosts = ", ".join(sorted({pair.effective for pair in attached.hosts})) or "any"
        subject = f"listener {attached.listener.section} :{attached.port.port}"
        yield Step(depth=2, mark=Mark.GOOD, subject=subject, says=f"hosts: {hosts}")
        yield _held(view, known.report(fleet), attached)
        yield from _policies(known, member, ListenerOf(parent.gateway, attached.listener))


def _policies(known: Knowledge, member: Member, at: ListenerOf) -> Iterator[Step]:
    """Yield what policies are in force there, rules with the same together."""
    view = known.engine
    found = rules(view, member)
    # The rules of a route of connections are one.
    numbers = (each.route.source.rule for each in found.routes) if found.forward is None else (0,)
    yield from policy_steps(known, numbers, lambda number: sections_in_force(view, at, member, number))


def _held(view: View, fleet: FleetReport | None, attached: Attached) -> Step:
    if fleet is None:
        return Step(depth=3, mark=Mark.INFO, subject="proxies", says="not asked, nothing is running")
    name = listener_name(attached.port.transport, bound_port(view, attached.port.port))
    refused = [each.message for each in fleet.rejections]
    if not fleet.connected:
        return Step(depth=3, mark=Mark.BAD, subject="proxies", says="none is connected")
    if refused:
        return Step(depth=3, mark=Mark.BAD, subject="proxies", says=f"refused something: {refused[0]}")
    acked = name in fleet.held_listeners
    says = f"{fleet.connected} connected; the listener is {'acknowledged' if acked else 'not acknowledged yet'}"
    return Step(depth=3, mark=Mark.GOOD if acked else Mark.BAD, subject="proxies", says=says)


def _rules(known: Knowledge, member: Member, gateways: list[ObjectKey], ruled: RuleSet) -> Iterator[Step]:
    view = known.engine
    unresolved = resolved_refs(view, member) if member.table is Ingress else ruled.unresolved
    for verdict in (ruled.refusal, unresolved, ruled.partial):
        if verdict is not None:
            yield Step(depth=1, mark=Mark.BAD, subject=verdict.type, says=verdict.message)
    tables = tuple(_tables(view, member, gateways))
    hidden = {each.match: str(each) for each in (*shadows(tables), *Reached(tables).cut_off(view, member))}
    for ranked in ruled.routes:
        yield from _match(known, member, ranked.route, gateways)
        if ranked.route.source in hidden:
            source = ranked.route.source
            yield Step(depth=2, mark=Mark.BAD, subject=_subject(source), says=hidden[source])
    for share in ruled.forward.backends if ruled.forward is not None else ():
        yield from _backend(known, share.backend, share.weight, gateways)


def _tables(view: View, member: Member, gateways: list[ObjectKey]) -> Iterator[RouteTable]:
    """Yield the route tables of Gateways with those hosts alone that a route has a part in."""
    attached = (each for parent in attachments(view, member) for each in parent.attached)
    domains = {pair.effective for each in attached for pair in each.hosts}
    name = (member.table.__name__, *member.key) if isinstance(member.key, ObjectKey) else ()
    for gateway in dict.fromkeys(gateways):
        config = proxy_config(view, gateway)
        for table in config.route_tables if config is not None else ():
            hosts = (
                host
                for host in table.virtual_hosts
                if host.domain in domains or any(_of(each) == name for each in host.routes)
            )
            yield replace(table, virtual_hosts=tuple(hosts))


def _of(route: Route) -> tuple[str, str, str]:
    return route.source.kind, route.source.namespace, route.source.name


def _subject(source: RuleRef) -> str:
    named = {DEFAULT_BACKEND: "default backend", APP_ROOT: "app root"}.get(source.rule)
    return named or f"rule {source.rule}, match {source.match}"


def _match(known: Knowledge, member: Member, route: Route, gateways: list[ObjectKey]) -> Iterator[Step]:
    place = known.place(member, route.source.field)
    match route.action:
        case Forward():
            yield _of_match(route, Mark.INFO, "forwards", place)
            for share in route.action.backends:
                yield from _backend(known, share.backend, share.weight, gateways)
            if not any(share.weight for share in route.action.backends):
                yield Step(depth=2, mark=Mark.BAD, subject="backendRefs", says="no backend has any weight: 500")
        case Redirect():
            yield _of_match(route, Mark.GOOD, f"redirects with {route.action.status}", place)
        case DirectResponse():
            yield _of_match(route, Mark.BAD, f"answers {route.action.status}", place)


def _of_match(route: Route, mark: Mark, says: str, place: str) -> Step:
    """Return what becomes of a match. What it asks for is withheld from others: values of headers stand there."""
    match = _subject(route.source)
    subject = f"{match}: {match_words(route.match)}"
    return Step(depth=1, mark=mark, subject=subject, says=says, place=place, withheld=Words(match, says))


def _ready(endpoints: Discovered) -> str:
    """Return how many endpoints are ready, and where, when that makes a difference; "" for none."""
    serving = endpoints.serving
    if not serving:
        return ""
    count = f"{len(serving)} endpoint{'' if len(serving) == 1 else 's'} ready"
    if not set(serving) & set(endpoints.endpoints):
        count = f"{count}, of those that take over"
    zones = Counter(each.zone for each in serving if each.zone)
    shown = ", ".join(f"{zone} {number}" for zone, number in sorted(zones.items()))
    return f"{count}, a proxy prefers those of its own zone: {shown}" if shown else count


def _backend(
    known: Knowledge, backend: ServiceBackend | InvalidBackend, weight: int, gateways: list[ObjectKey]
) -> Iterator[Step]:
    view = known.engine
    if isinstance(backend, InvalidBackend):
        yield Step(depth=2, mark=Mark.BAD, subject=f"weight {weight}", says=f"{backend.reason}: {backend.message}")
        return
    upstream = backend.upstream
    subject = f"{upstream.kind} {upstream.namespace}/{upstream.name}:{upstream.port}, weight {weight}"
    for gateway in gateways[:1]:
        endpoints = cluster(view, GatewayUpstream(gateway, upstream)).endpoints
        if not isinstance(endpoints, Discovered):
            says, good = f"by DNS: {endpoints.hostname}:{endpoints.port}", True
        else:
            says = _ready(endpoints)
            good = bool(says)
            says = says or f"{endpoints.closed or 'no endpoint is ready'}: 503"
        yield Step(depth=2, mark=Mark.GOOD if good else Mark.BAD, subject=subject, says=says)
        for section in backend_sections(view, gateway, upstream):
            yield policy_step(known, 3, "policy", section)
        yield from _slices(view, upstream)


def _slices(view: View, upstream: Upstream) -> Iterator[Step]:
    """Yield what there is to say of the EndpointSlices of a backend."""
    key = ObjectKey(upstream.namespace, upstream.name)
    if upstream.kind == "ServiceImport":
        clusters = ", ".join(f"{name or 'not named'} {count}" for name, count in clusters_of(view, key).items())
        if clusters:
            yield Step(depth=3, mark=Mark.INFO, subject="clusters", says=f"endpoints that are ready: {clusters}")
        yield from member_steps(view, upstream)
    if UPSTREAM_KINDS[upstream.kind] in PORTED:
        for problem in left_out_of(view, key if upstream.kind == "Service" else imported(key)):
            yield Step(depth=3, mark=Mark.BAD, subject="endpoints", says=problem)
