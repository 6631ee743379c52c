"""What the proxies of a Gateway speak to: backends of its routes, and whom these, its listeners and policies ask."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.listeners import Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.ir.backend import ServiceBackend, Upstream
from gatewayd.ir.filters import ExternalAuth, HTTPFilter
from gatewayd.ir.http import Forward, Mirror, WeightedBackend
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.backends.rate_limit_server import RateLimitServer, rate_limit_server
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.gateways.listener_filters import guard_key, guards
from gatewayd.translator.gateways.listeners import set_is_allowed
from gatewayd.translator.policies.attach import SERVICE_KIND, UPSTREAM_KINDS
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.access_log import log_servers
from gatewayd.translator.proxies.policy_servers import policy_servers
from gatewayd.translator.proxies.tracing import tracing_servers
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet


def route_upstreams(view: View, member: Member) -> tuple[Upstream, ...]:
    """Return the upstreams that the rules of a route lead to, mirrors included, each once."""
    return tuple(dict.fromkeys(upstreams_of_rules(rules(view, member))))


def upstreams_of_rules(rule_set: RuleSet) -> Iterator[Upstream]:
    """Yield the upstreams that rules lead to, mirrors included."""
    for ranked in rule_set.routes:
        action = ranked.route.action
        yield from _asked(ranked.route.filters)
        if isinstance(action, Forward):
            targets: list[WeightedBackend | Mirror] = [*action.mirrors]
            for each in action.backends:
                yield from _asked(each.filters)
                targets += (each, *each.mirrors)
            for target in targets:
                if isinstance(target.backend, ServiceBackend):
                    yield target.backend.upstream
    for share in rule_set.forward.backends if rule_set.forward else ():
        if isinstance(share.backend, ServiceBackend):
            yield share.backend.upstream


def _asked(filters: tuple[HTTPFilter, ...]) -> list[Upstream]:
    return [each.upstream for each in filters if isinstance(each, ExternalAuth)] if filters else []


@query
def gateway_upstreams(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams of a route for each Gateway that it is attached to, each once."""
    gateways = dict.fromkeys(parent.gateway for parent in attachments(view, member) if parent.attached)
    if not gateways:
        return ()
    upstreams = route_upstreams(view, member)
    named = [GatewayUpstream(gateway, upstream) for gateway in gateways for upstream in upstreams]
    return tuple(dict.fromkeys((*named, *policy_servers(view, member))))


@query
def gateway_servers(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams that a Gateway itself leads to: whom its listeners ask, who counts, whom it tells."""
    row = view.get(Gateway, member.key)
    if row is None or not gateway_is_ours(view, row.metadata.key):
        return ()
    server = rate_limit_server(view, row.metadata.key)
    counting = (server.upstream,) if isinstance(server, RateLimitServer) else ()
    asked = _guards(view, "Gateway", row.metadata.key, row.spec.listeners)
    told = (*log_servers(view, row.metadata.key), *tracing_servers(view, row.metadata.key))
    upstreams = (*asked, *counting, *told)
    return tuple(GatewayUpstream(row.metadata.key, upstream) for upstream in dict.fromkeys(upstreams))


@query
def set_guards(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams that the listeners of a ListenerSet ask, for its Gateway."""
    row = view.get(ListenerSet, member.key)
    if row is None or not set_is_allowed(view, row.metadata.key):
        return ()
    upstreams = _guards(view, "ListenerSet", row.metadata.key, row.spec.listeners)
    return tuple(GatewayUpstream(row.parent, upstream) for upstream in dict.fromkeys(upstreams))


def _guards(view: View, owner: str, key: ObjectKey, entries: tuple[Listener, ...]) -> Iterator[Upstream]:
    for at, entry in enumerate(entries):
        servers = guards(view, guard_key(owner, key.namespace, f"spec.listeners[{at}]", entry)).asked
        yield from (each.upstream for each in servers)


UPSTREAMS = Index(
    name="upstreams_by_gateway",
    sources=(
        *(Source(table=table, query=gateway_upstreams) for table in ROUTE_TABLES),
        Source(table=Gateway, query=gateway_servers),
        Source(table=ListenerSet, query=set_guards),
    ),
    group=lambda key: key.gateway,
)


class ServiceUse(NamedTuple):
    """A Gateway whose routes, or listeners, lead to a Service, or to something else that has policies."""

    service: ObjectKey
    gateway: ObjectKey
    kind: GroupKind = SERVICE_KIND

    @property
    def target(self) -> tuple[GroupKind, ObjectKey]:
        """What policies are for."""
        return self.kind, self.service


def service_uses(upstreams: tuple[GatewayUpstream, ...]) -> tuple[ServiceUse, ...]:
    """Return what policies may be for among upstreams of Gateways, each once for each of these."""
    named = ((UPSTREAM_KINDS[each.upstream.kind], each) for each in upstreams)
    uses = (
        ServiceUse(ObjectKey(each.upstream.namespace, each.upstream.name), each.gateway, kind) for kind, each in named
    )
    return tuple(dict.fromkeys(uses))


SERVICE_USES = Index(
    name="gateways_by_service",
    sources=tuple(replace(source, keys=service_uses) for source in UPSTREAMS.sources),
    group=lambda use: use.target,
    readers=(BackendTLSPolicy, XBackendTrafficPolicy, BackendPolicy),
)
