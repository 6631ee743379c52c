"""What policies make of a rule where its parent is a Service, for the callers of a view.

No Gateway and no class stands above: policies for the namespace, the route and the rule count. The routes of a consumer
take the place of the producer's, and yet AccessPolicies for the namespace of the Service count above the consumer's:
who may call is not for callers to say.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy, Authorization
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member, View, query
from gatewayd.ir.filters import HTTPFilter, PolicyCheck
from gatewayd.ir.http import Route
from gatewayd.ir.policy import Tokens, WithheldHeaders
from gatewayd.translator.mesh.meshes import MESH
from gatewayd.translator.mesh.unserved import served, unserved
from gatewayd.translator.policies.closed import Closed, closed
from gatewayd.translator.policies.effective import (
    NAMESPACE_KIND,
    NOTHING,
    Chain,
    ChainKey,
    Effective,
    Ruled,
    ScopedTarget,
    any_inherited,
    effective,
)
from gatewayd.translator.policies.kinds import POLICY_KINDS
from gatewayd.translator.policies.tokens import called_from
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.access import entry_filters
from gatewayd.translator.proxies.at_listener import Governance, InForce, broken, from_namespace, under_policies
from gatewayd.translator.proxies.policy_check import beside_own
from gatewayd.translator.proxies.processing import SECTION as PROCESSING
from gatewayd.translator.proxies.processing import processing

_AUTHORIZATION: Final = "authorization"


class RuleOf(NamedTuple):
    """A rule of a route. `service`: the namespace of the Service that is called, `callers`: the view of who calls."""

    member: Member
    number: int
    service: str
    callers: str


class EntryKey(NamedTuple):
    """What AccessPolicies may be for, the widest first, below those for the namespace of a Service ("": none)."""

    chain: Chain
    above: str
    callers: str


def is_any_policy(view: View) -> bool:
    """Return whether any policy has something to say of requests."""
    return any_inherited(view, AccessPolicy) or any_inherited(view, RoutePolicy)


def in_force_between(view: View, at: RuleOf) -> InForce:
    """Return what policies are in force for a rule, whether or not all of it can be had."""
    key = _entry_key(view, at)
    route = effective(view, ChainKey(RoutePolicy, key.chain))
    return InForce(access=_access(view, key), route=route, report=NOTHING)


def _entry_key(view: View, at: RuleOf) -> EntryKey:
    row = view.get(at.member.table, at.member.key)
    if row is None:
        return EntryKey((), "", at.callers)
    above = "" if row.metadata.namespace == at.service else at.service
    return EntryKey(from_namespace(view, row, at.member.table, at.number), above, at.callers)


def _access(view: View, key: EntryKey) -> Effective:
    own = effective(view, ChainKey(AccessPolicy, key.chain))
    if not key.above:
        return own
    namespace = ScopedTarget(NAMESPACE_KIND, ObjectKey("", key.above), "")
    return _under(effective(view, ChainKey(AccessPolicy, (namespace,))), own)


def _under(producers: Effective, own: Effective) -> Effective:
    """Return what is in force below policies that nothing below can undo: what adds up does, of the rest theirs is."""
    if producers == NOTHING:
        return own
    adds_up = POLICY_KINDS[AccessPolicy].adds_up
    kept = tuple(each for each in producers.defaults if not each.value.is_disabled)
    fixed = {each.section for each in (*producers.overrides, *kept)} - adds_up
    return Effective(
        overrides=(*producers.overrides, *(each for each in own.overrides if each.section not in fixed)),
        defaults=(*kept, *(each for each in own.defaults if each.section not in fixed)),
        foreign=(*producers.foreign, *own.foreign),
    )


def _called_from(found: Effective, callers: str) -> Effective:
    """Return what is in force for the callers of a view: they are of its namespace, or nobody knows of which."""
    if not any(isinstance(each.value, Authorization) for each in found.of(_AUTHORIZATION)):
        return found
    return replace(found, overrides=_heard(found.overrides, callers), defaults=_heard(found.defaults, callers))


def _heard(ruled: tuple[Ruled, ...], callers: str) -> tuple[Ruled, ...]:
    return tuple(
        each._replace(value=called_from(each.value, callers)) if isinstance(each.value, Authorization) else each
        for each in ruled
    )


@query
def entry_between(view: View, key: EntryKey) -> tuple[HTTPFilter, ...] | Closed:
    """Return what requests have to pass before they come to a rule, or what closes it."""
    found = _called_from(_access(view, key), key.callers)
    for lost in unserved(AccessPolicy, found):
        return closed(found, lost.ruled, lost.fault.why, is_apart=True)
    asked = entry_filters(view, found)
    if isinstance(asked, Closed):
        return asked
    told = tuple(dict.fromkeys(name for each in asked for name in _told(each)))
    return (*((WithheldHeaders(names=told),) if told else ()), *asked)


def _told(http_filter: HTTPFilter) -> Iterator[str]:
    """Yield the headers by which a filter tells backends who a caller is."""
    match http_filter:
        case Tokens():
            yield from (claim.header.lower() for issuer in http_filter.issuers for claim in issuer.claim_headers)
        case PolicyCheck():
            yield from http_filter.auth.says
        case _:
            return


def entry_to(view: View, at: RuleOf, route: Route) -> tuple[HTTPFilter, ...] | Closed:
    """Return what requests have to pass before they come to a Route of a rule, or what of any policy closes it."""
    found = in_force_between(view, at)
    asked = entry_between(view, _entry_key(view, at))
    if isinstance(asked, Closed):
        return asked
    return _closed_way(view, found.route) or beside_own(asked, route, found.access)


def _closed_way(view: View, found: Effective) -> Closed | None:
    """Return what of RoutePolicies closes requests that may come in."""
    for lost in unserved(RoutePolicy, found):
        if lost.fault.closes:
            return closed(found, lost.ruled, lost.fault.why, is_apart=True, table=RoutePolicy)
    seen = processing(view, found)
    if isinstance(seen, Unsupported):
        return closed(found, next(found.of(PROCESSING)), seen.message, table=RoutePolicy)
    return None


def governed_route(view: View, at: RuleOf, route: Route) -> Route:
    """Return a Route of a rule with what policies make of it."""
    if not is_any_policy(view):
        return route
    found = in_force_between(view, at)
    if (found.access, found.route) == (NOTHING, NOTHING):
        return route
    entry = entry_to(view, at, route)
    if isinstance(entry, Closed):
        return broken(route)
    row = view.get(at.member.table, at.member.key)
    policies = replace(found, route=served(RoutePolicy, found.route))
    return under_policies(view, route, Governance(MESH, row, policies, entry))
