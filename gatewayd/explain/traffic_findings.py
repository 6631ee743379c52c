"""What is accepted and yet answers with an error, or never gets a request: what no status says.

In: the engine and the ProxyConfigs that it came to. Out: `Finding`s, all of them warnings: what stands in the files may
be meant so, or may be completed elsewhere.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from gatewayd.api.core import Secret, Service
from gatewayd.api.discovery import SERVICE_NAME_LABEL, EndpointSlice
from gatewayd.api.meta import ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.explain.cut_off import Reached
from gatewayd.explain.findings import Finding, finding
from gatewayd.explain.shadows import Shadow, shadows
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Cluster, Discovered, ServiceBackend
from gatewayd.ir.conditions import Severity
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import Forward, RuleRef
from gatewayd.ir.proxy import ProxyConfig, StreamListener
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.folder import PlaceOf
from gatewayd.manifests.nearest import nearest
from gatewayd.translator.backends.selected_pods import selecting_service
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.proxies.virtualhosts import HTTP_TABLES

TLS_TYPE: Final = "kubernetes.io/tls"
"""https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets"""


_NOTHING: Final = {"GRPCRoute": "calls end with UNAVAILABLE"}


class Served(NamedTuple):
    """What files lead to, and where their objects stand."""

    engine: Engine
    configs: tuple[ProxyConfig, ...]
    place_of: PlaceOf


def in_traffic(served: Served) -> Iterator[Finding]:
    """Yield what becomes of requests that nobody may have meant."""
    yield from _shadowed(served)
    yield from _without_weight(served)
    if is_for_this_machine(served.engine):
        yield from _without_endpoints(served)
        yield from _shared_ports(served)
    yield from _slices_of_nobody(served)
    yield from _secrets_of_another_type(served)


def is_for_this_machine(engine: Engine) -> bool:
    """Return whether files are for `gatewayd up`, as far as they tell.

    In a cluster Services have selectors, and EndpointSlices are made from those.
    """
    if any(True for _ in engine.rows(EndpointSlice)):
        return True
    return not any(row.spec.selector for _, row in engine.rows(Service))


def _warning(served: Served, identity: Identity, reason: str, message: str) -> Finding:
    return finding(identity, served.place_of(identity), Severity.WARNING, reason, message)


def _route(source: RuleRef) -> Identity:
    return Identity(source.kind, ObjectKey(source.namespace, source.name))


def _shadowed(served: Served) -> Iterator[Finding]:
    tables = [table for config in served.configs for table in config.route_tables]
    reached = Reached(tables)
    members = (Member(table, key) for table in HTTP_TABLES for key, _ in served.engine.rows(table))
    cut_off = (shadow for member in members for shadow in reached.cut_off(served.engine, member))
    for shadow in (*shadows(tables), *cut_off):
        match = shadow.match
        if match.kind == shadow.taken_by.kind == INGRESS_KIND.kind:
            continue  # said of the Ingress itself
        message = f"{match.field}: {shadow_words(shadow, served.place_of)}"
        yield _warning(served, _route(match), "NeverReached", message)


def shadow_words(shadow: Shadow, place_of: PlaceOf) -> str:
    """Say which rule takes the requests of another one."""
    winner = shadow.taken_by
    place = place_of(_route(winner))
    return str(shadow) if place is None else f"{shadow} ({place.file}:{place.line_of(winner.field)})"


def _forwards(configs: Iterable[ProxyConfig]) -> Iterator[tuple[RuleRef, Forward]]:
    """Yield what each rule does that forwards, once."""
    seen: set[tuple[str, str, str, int]] = set()
    for config in configs:
        for table in config.route_tables:
            for host in table.virtual_hosts:
                for route in host.routes:
                    source = route.source
                    rule = (source.kind, source.namespace, source.name, source.rule)
                    if isinstance(route.action, Forward) and rule not in seen:
                        seen.add(rule)
                        yield source, route.action


def _without_weight(served: Served) -> Iterator[Finding]:
    for source, forward in _forwards(served.configs):
        if not any(backend.weight for backend in forward.backends):
            get = _NOTHING.get(source.kind, "requests get a 500")
            message = f"{source.rule_field}.backendRefs: no backend has a weight above 0; {get}"
            yield _warning(served, _route(source), "NoWeight", message)


def _without_endpoints(served: Served) -> Iterator[Finding]:
    """Yield the Services that get traffic and have nobody to give it to, each with the first rule that sends it."""
    users: dict[ObjectKey, RuleRef] = {}
    for source, forward in _forwards(served.configs):
        for share in forward.backends:
            if isinstance(share.backend, ServiceBackend) and share.weight:
                upstream = share.backend.upstream
                users.setdefault(ObjectKey(upstream.namespace, upstream.name), source)
    told: set[tuple[ObjectKey, int]] = set()
    for cluster in (cluster for config in served.configs for cluster in config.clusters):
        upstream, key = cluster.upstream, ObjectKey(cluster.upstream.namespace, cluster.upstream.name)
        if upstream.kind != "Service" or _has_endpoints(cluster) or (key, upstream.port) in told:
            continue
        told.add((key, upstream.port))
        user = users.get(key)
        whose = "" if user is None else f" of {_route(user)} {user.rule_field.removeprefix('spec.')}"
        message = f"spec.ports: port {upstream.port} has no ready endpoint, requests{whose} get a 503"
        yield _warning(served, Identity("Service", key), "NoEndpoints", f"{message}; {_cause(served.engine, key)}")


def _has_endpoints(cluster: Cluster) -> bool:
    return not isinstance(cluster.endpoints, Discovered) or bool(cluster.endpoints.serving)


def _cause(engine: Engine, service: ObjectKey) -> str:
    """Say why a Service has no endpoints."""
    slices = [row for _, row in engine.rows(EndpointSlice) if row.metadata.namespace == service.namespace]
    own = [row for row in slices if row.metadata.labels.get(SERVICE_NAME_LABEL) == service.name]
    if not own:
        return f"no EndpointSlice of namespace {service.namespace!r} has the label {SERVICE_NAME_LABEL}: {service.name}"
    if not any(row.endpoints for row in own):
        return f"EndpointSlice {own[0].metadata.key} has no endpoints"
    row = engine.get(Service, service)
    names = sorted({port.name or '""' for each in own for port in each.ports})
    wanted = sorted({port.name or '""' for port in row.spec.ports}) if row is not None else []
    if not set(names) & set(wanted):
        return f"its EndpointSlices have ports named {', '.join(names) or 'nothing'}; it has {', '.join(wanted)}"
    return "no endpoint of its EndpointSlices is ready, or may be reached"


def _shared_ports(served: Served) -> Iterator[Finding]:
    """Yield the listeners whose port another Gateway has: on one machine only one of them can be served."""
    owners: dict[tuple[bool, int], Identity] = {}
    for config in sorted(served.configs, key=lambda each: str(each.fleet)):
        if not isinstance(config.fleet, GatewayFleet):
            continue
        identity = Identity("Gateway", ObjectKey(config.fleet.namespace, config.fleet.name))
        for listener in config.listeners:
            owner = owners.setdefault((not isinstance(listener, StreamListener), listener.port), identity)
            if owner != identity:
                place = served.place_of(owner)
                where = "" if place is None else f" ({place})"
                message = f"spec.listeners: port {listener.port} is that of {owner}{where} too"
                way_out = "in a cluster each has an address of its own, `gatewayd up` serves the first one alone"
                yield _warning(served, identity, "PortOfAnotherGateway", f"{message}; {way_out}")


def _slices_of_nobody(served: Served) -> Iterator[Finding]:
    selecting = {
        selecting_service(ObjectKey(*key))
        for key, row in served.engine.rows(XBackend)
        if row.spec.endpoint_selector is not None
    }
    services = {key for key, _ in served.engine.rows(Service)} | selecting
    for key, row in served.engine.rows(EndpointSlice):
        identity = Identity("EndpointSlice", row.metadata.key)
        service = row.metadata.labels.get(SERVICE_NAME_LABEL)
        if service is None and row.import_name:
            continue  # of a Service of several clusters
        if service is None:
            message = f"metadata.labels: is for no Service; the label {SERVICE_NAME_LABEL} names one"
            yield _warning(served, identity, "SliceOfNoService", message)
        elif ObjectKey(key.namespace, service) not in services:
            names = sorted(each.name for each in services if each.namespace == key.namespace)
            meant = nearest(service, names)
            advice = f'did you mean "{meant}"?' if meant is not None else f"there are: {', '.join(names) or 'none'}"
            message = f'metadata.labels: Service "{key.namespace}/{service}" does not exist; {advice}'
            yield _warning(served, identity, "SliceOfNoService", message)


def _secrets_of_another_type(served: Served) -> Iterator[Finding]:
    for _, row in served.engine.rows(Secret):
        if "tls.crt" in row.data and "tls.key" in row.data and row.type != TLS_TYPE:
            message = f'type: is "{row.type}"; in a cluster only Secrets of type {TLS_TYPE} are read as certificates'
            yield _warning(served, Identity("Secret", row.metadata.key), "SecretType", message)
