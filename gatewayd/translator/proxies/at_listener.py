"""What a route's rules are at one listener: redirects show its port, and policies that are inherited have their say.

In: a route and a listener that it is attached to. Out: its Routes. Where there is no policy and no redirect, these are
the same values at all listeners.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member, Table, View, query, rescued_query
from gatewayd.ir.backend import ServiceBackend
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.http import CANNOT, Forward, Redirect, Route
from gatewayd.ir.policy import WithheldHeaders
from gatewayd.translator.gateways.listeners import ListenerKey, MergedListener
from gatewayd.translator.policies.closed import Closed
from gatewayd.translator.policies.effective import (
    CLASS_KIND,
    INHERITED,
    NAMESPACE_KIND,
    NOTHING,
    Chain,
    ChainKey,
    Effective,
    ScopedTarget,
    any_inherited,
    effective,
)
from gatewayd.translator.policies.kinds import InheritedTable
from gatewayd.translator.policies.passage import passage_filters
from gatewayd.translator.policies.report import any_telling, report, told_of_route
from gatewayd.translator.policies.route import forwarded
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND, group_kind
from gatewayd.translator.proxies.access import entry_filters, with_cors
from gatewayd.translator.proxies.global_limits import global_limits
from gatewayd.translator.proxies.https_redirects import hosts_to_https, sent_to_https
from gatewayd.translator.proxies.identity import identity_headers
from gatewayd.translator.proxies.policy_check import beside_own
from gatewayd.translator.proxies.policy_filters import direct_response, with_headers
from gatewayd.translator.proxies.processing import processing
from gatewayd.translator.proxies.scripts import scripts
from gatewayd.translator.rules.filters import for_listener
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import Ranked

_OF_REQUESTS: Final[tuple[InheritedTable, ...]] = (AccessPolicy, RoutePolicy)


class RenderKey(NamedTuple):
    """A route at listeners of a scheme and port."""

    member: Member
    scheme: str
    port: int


def _rendered(view: View, key: RenderKey) -> tuple[Ranked, ...]:
    """Return a route's Routes with redirects that show the listener's port."""
    routes = rules(view, key.member).routes
    # What is the same at all listeners is not kept once more for each.
    return redirecting(view, key) if any(isinstance(each.route.action, Redirect) for each in routes) else routes


def _failing(view: View, key: RenderKey, _error: Exception, _before: tuple[Ranked, ...] | None) -> tuple[Ranked, ...]:
    """Fail the requests of a route that gatewayd fails on, so that nothing less strict gets them."""
    return tuple(each._replace(route=broken(each.route)) for each in rules(view, key.member).routes)


def broken(route: Route) -> Route:
    """Return a Route of which nothing but the match is left: requests get a 500."""
    return replace(route, action=CANNOT, filters=())


@rescued_query(_failing)
def redirecting(view: View, key: RenderKey) -> tuple[Ranked, ...]:
    """Return the Routes of a route that has redirects, as a listener of a scheme and port has them."""
    routes = rules(view, key.member).routes
    return tuple(each._replace(route=at_listener(each.route, key)) for each in routes)


def at_listener(route: Route, key: RenderKey) -> Route:
    """Return a Route as listeners of a scheme and port have it: a redirect shows the port."""
    if not isinstance(route.action, Redirect):
        return route
    return replace(route, action=for_listener(route.action, key.scheme, key.port))


class ListenerOf(NamedTuple):
    """A listener of a Gateway."""

    gateway: ObjectKey
    listener: ListenerKey


class GovernedKey(NamedTuple):
    """A route at a listener that policies may say something of."""

    render: RenderKey
    listener: ListenerOf


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What is in force for a rule at a listener, of each kind of policy."""

    access: Effective
    route: Effective
    report: Effective


UNGOVERNED = InForce(access=NOTHING, route=NOTHING, report=NOTHING)


def rendered(view: View, key: RenderKey, listener: MergedListener) -> tuple[Ranked, ...]:
    """Return a route's Routes as a listener has them."""
    if key.member.table is Ingress and key.scheme == "http" and hosts_to_https(view, key.member):
        return to_https(view, GovernedKey(key, ListenerOf(listener.gateway, listener.key)))
    if not _is_governed(view):
        return _rendered(view, key)
    return governed(view, GovernedKey(key, ListenerOf(listener.gateway, listener.key)))


def _is_governed(view: View) -> bool:
    """Return whether any policy has something to say of requests."""
    return any(any_inherited(view, table) for table in _OF_REQUESTS) or any_telling(view, ())


def _closed(view: View, key: GovernedKey, error: Exception, _before: tuple[Ranked, ...] | None) -> tuple[Ranked, ...]:
    return _failing(view, key.render, error, None)


@rescued_query(_closed)
def to_https(view: View, key: GovernedKey) -> tuple[Ranked, ...]:
    """Return the Routes of an Ingress that sends its clients to HTTPS, as a listener without TLS has them."""
    routes = governed(view, key) if _is_governed(view) else _rendered(view, key.render)
    return sent_to_https(view, key.render.member, routes)


@rescued_query(_closed)
def governed(view: View, key: GovernedKey) -> tuple[Ranked, ...]:
    """Return a route's Routes as a listener has them, with what policies make of them."""
    routes = _rendered(view, key.render)
    numbers = dict.fromkeys(each.route.source.rule for each in routes)
    chains = {number: rule_chain(view, key.listener, key.render.member, number) for number in numbers}
    policies = {number: _in_force(view, chain) for number, chain in chains.items()}
    withheld = [identity_headers(view, key.listener.gateway, _namespaces(each.route)) for each in routes]
    if not any(withheld) and all(each == UNGOVERNED for each in policies.values()):
        return routes
    row = view.get(key.render.member.table, key.render.member.key)
    return tuple(
        each._replace(
            route=under_policies(
                view,
                _without(each.route, names),
                Governance(
                    key.listener.gateway,
                    row,
                    policies[each.route.source.rule],
                    entry_of(view, chains[each.route.source.rule], each.route),
                ),
            )
        )
        for each, names in zip(routes, withheld, strict=True)
    )


def _namespaces(route: Route) -> Iterable[str]:
    """Return the namespaces of a rule and of its backends."""
    shares = route.action.backends if isinstance(route.action, Forward) else ()
    named = (each.backend.upstream.namespace for each in shares if isinstance(each.backend, ServiceBackend))
    return dict.fromkeys((route.source.namespace, *named))


def _without(route: Route, names: tuple[str, ...]) -> Route:
    return replace(route, filters=(WithheldHeaders(names=names), *route.filters)) if names else route


def in_force(view: View, at: ListenerOf, member: Member, rule: int) -> InForce:
    """Return what policies are in force for a rule of a route at a listener."""
    return _in_force(view, rule_chain(view, at, member, rule))


def _in_force(view: View, chain: Chain) -> InForce:
    return InForce(
        access=_effective(view, AccessPolicy, chain),
        route=_effective(view, RoutePolicy, chain),
        report=told_of_route(view, chain),
    )


def rule_chain(view: View, at: ListenerOf, member: Member, rule: int) -> Chain:
    """Return what policies for a rule of a route at a listener may be for, the widest first; nothing without a route.

    The route itself stands in it only where a policy is for it or for one of its rules: the others share a chain.
    """
    row = view.get(member.table, member.key)
    if row is None:
        return ()
    return (*listener_chain(view, at), *from_namespace(view, row, member.table, rule))


def from_namespace(view: View, row: Any, table: Table, rule: int) -> Chain:
    """Return the end of the chain of a rule, whatever its route is attached to: from the route's namespace on."""
    namespace = ScopedTarget(NAMESPACE_KIND, ObjectKey("", row.metadata.namespace), "")
    own = ScopedTarget(group_kind(table), row.metadata.key, "")
    if not view.group(INHERITED, own):
        return (namespace,)
    return (namespace, own, *((own._replace(section=name),) if (name := _rule_name(row, rule)) else ()))


@query
def entry(view: View, chain: Chain) -> tuple[HTTPFilter, ...] | Closed:
    """Return what requests have to pass before they come to the last target of a chain, or what closes that."""
    return entry_filters(view, _effective(view, AccessPolicy, chain))


def entry_of(view: View, chain: Chain, route: Route) -> tuple[HTTPFilter, ...] | Closed:
    """Return what requests have to pass before they come to a Route of the chain's rule, or what closes it."""
    asked = entry(view, chain)
    return asked if isinstance(asked, Closed) else beside_own(asked, route, _effective(view, AccessPolicy, chain))


def _rule_name(row: Any, rule: int) -> str | None:
    """Return the name of a rule, which those of an Ingress do not have."""
    if isinstance(row, Ingress) or rule >= len(row.spec.rules):
        return None
    name: str | None = row.spec.rules[rule].name
    return name


def _effective(view: View, table: InheritedTable, chain: Chain) -> Effective:
    return effective(view, ChainKey(table, chain))


@query
def listener_chain(view: View, at: ListenerOf) -> Chain:
    """Return what policies for a listener may be for, the widest first; a ListenerSet stands below its Gateway."""
    row = view.get(Gateway, at.gateway)
    kind = LISTENERSET_KIND if at.listener.owner == "ListenerSet" else GATEWAY_KIND
    whole = ScopedTarget(kind, at.listener.object, "")
    return tuple(_targets(at, whole, row.spec.gateway_class_name if row is not None else ""))


def _targets(at: ListenerOf, whole: ScopedTarget, class_name: str) -> Iterator[ScopedTarget]:
    yield ScopedTarget(CLASS_KIND, ObjectKey("", class_name), "")
    gateway = ScopedTarget(GATEWAY_KIND, at.gateway, "")
    yield gateway
    if whole != gateway:
        yield whole
    yield whole._replace(section=at.listener.section)


class Governance(NamedTuple):
    """Where a rule is governed: at which Gateway, of which row, what is in force there, and how requests come in."""

    gateway: ObjectKey
    row: object
    policies: InForce
    entry: tuple[HTTPFilter, ...] | Closed


def under_policies(view: View, route: Route, place: Governance) -> Route:
    """Return a Route with what policies make of it; broken where that cannot be had."""
    row, policies, asked = place.row, place.policies, place.entry
    shared = global_limits(view, place.gateway, route.source, policies.route)
    seen, run = processing(view, policies.route), scripts(view, place.gateway, policies.route)
    if (
        isinstance(asked, Closed)
        or isinstance(shared, Unsupported)
        or isinstance(seen, Unsupported)
        or isinstance(run, Unsupported)
    ):
        return broken(route)
    action = direct_response(policies.route) or route.action
    if isinstance(action, Forward) and policies.route != NOTHING:
        written = row.spec.rules[route.source.rule] if isinstance(row, HTTPRoute) else None
        timeouts, retry = (written.timeouts, written.retry) if written is not None else (None, None)
        action = forwarded(action, timeouts, retry, policies.route)
    filters = with_headers(with_cors(route.filters, policies.access), policies.route)
    passed = (*asked, *shared, *passage_filters(policies.route), *seen, *run, *filters)
    return replace(route, action=action, filters=passed, report=report(policies.report))
