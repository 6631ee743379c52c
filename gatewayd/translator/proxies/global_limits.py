"""RoutePolicy, section globalLimits: what the service of a Gateway counts of a rule's requests.

Where nobody counts, the limits are left out, or with `whenUnavailable: Deny` the rule is closed: as while the service
does not answer.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gatewayd.api.envoy_gateway.objects import BackendTrafficPolicy
from gatewayd.api.globallimits import GlobalLimit, GlobalLimitsSection, LimitCost
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.ir.global_limits import LimitDomain, LimitUnit, SharedLimit, SharedLimits
from gatewayd.ir.http import RuleRef
from gatewayd.translator.backends.rate_limit_server import (
    RateLimitServer,
    rate_limit_server,
    silent_server,
    without_server,
)
from gatewayd.translator.envoy_gateway.limits import has_shared_limits
from gatewayd.translator.envoy_gateway.taken import TakenSection
from gatewayd.translator.policies.effective import Effective, Ruled
from gatewayd.translator.policies.foreign import TakenKey, taken
from gatewayd.translator.policies.kinds import by_strategy
from gatewayd.translator.problems import Unsupported

SECTION: Final = "global_limits"
_ONE: Final = LimitCost(request=1)


def global_limits(
    view: View, gateway: ObjectKey, source: RuleRef, found: Effective
) -> tuple[SharedLimits, ...] | Unsupported:
    """Return what of a rule's requests is counted; Unsupported where they may not go on uncounted."""
    for ruled in found.of(SECTION):
        section = ruled.value
        if not isinstance(section, GlobalLimitsSection):
            continue
        server = rate_limit_server(view, gateway)
        if isinstance(server, RateLimitServer):
            return (_shared(_domain(view, ruled, found), section, server, _route_of(section, source)),)
        return Unsupported(without_server(view, gateway)) if _closes(section) else ()
    return ()


def _domain(view: View, ruled: Ruled, found: Effective) -> str:
    """Return below what name a service counts: that of the policy which has the limits, merged into another or not."""
    if ruled.origin is None:
        return str(ruled.policy)
    theirs = next(each for each in found.foreign if each.policy == Member(BackendTrafficPolicy, ruled.policy))
    if theirs.above is None:
        return _foreign_domain(theirs.key)
    row = view.get(theirs.policy.table, theirs.policy.key)
    has_own = row is not None and has_shared_limits(row.spec)
    return _foreign_domain(theirs.key if has_own else theirs.above)


def _foreign_domain(policy: ObjectKey) -> str:
    return f"{BackendTrafficPolicy.__name__}/{policy}"


def limits_problem(view: View, gateway: ObjectKey, section: object) -> str:
    """Return why a section does not limit anything at a Gateway now, and what becomes of requests; "" if it does."""
    if not isinstance(section, GlobalLimitsSection) or section.is_disabled:
        return ""
    if why := without_server(view, gateway):
        return f"{why}; {'requests get a 500' if _closes(section) else 'requests go on uncounted'} until then"
    if why := silent_server(view, gateway):
        return f"{why}; {'requests get a 503' if _closes(section) else 'requests go on uncounted'} until then"
    return ""


def unserved(view: View, gateway: ObjectKey, row: KubernetesObject) -> Iterator[str]:
    """Yield what of a policy a Gateway has no service for, with its path."""
    for path, section in _written(view, row):
        if section is not None and without_server(view, gateway):
            yield f"{path}: {limits_problem(view, gateway, section)}"


def _written(view: View, row: KubernetesObject) -> Iterator[tuple[str, object]]:
    """Yield the sections of a policy, and the field of each; of one that is merged, what it has itself."""
    match row:
        case RoutePolicy():
            yield from ((f"spec.{strategy}.globalLimits", given.global_limits) for strategy, given in by_strategy(row))
        case BackendTrafficPolicy():
            yield from ((each.path, each.value) for each in _foreign_sections(view, row.metadata.key))
        case _:
            return


def _foreign_sections(view: View, policy: ObjectKey) -> Iterator[TakenSection]:
    found = taken(view, TakenKey(RoutePolicy, Member(BackendTrafficPolicy, policy), None))
    yield from (each for each in found.sections if each.name == SECTION)


def _closes(section: GlobalLimitsSection) -> bool:
    return section.when_unavailable == "Deny"


def _route_of(section: GlobalLimitsSection, source: RuleRef) -> str:
    """Return what a limit per route counts by; "" where there is none, so that rules have one filter in common."""
    per_route = any(limit.per_route for limit in section.limits)
    return f"{source.kind}/{source.namespace}/{source.name}" if per_route else ""


@lru_cache(maxsize=256)
def _shared(domain: str, section: GlobalLimitsSection, server: RateLimitServer, route: str) -> SharedLimits:
    """Return one filter for all rules that have the section of the same policy."""
    return SharedLimits(
        domain=domain,
        limits=shared_limits(section),
        route=route,
        service=server.upstream,
        timeout_ms=server.timeout_ms,
        fails_open=not _closes(section),
        tells_clients=bool(section.tell_clients),
    )


def shared_limits(section: GlobalLimitsSection) -> tuple[SharedLimit, ...]:
    """Return the limits of a section, in its order."""
    return tuple(map(_limit, section.limits))


def _limit(limit: GlobalLimit) -> SharedLimit:
    cost = limit.cost or _ONE
    return SharedLimit(
        name=limit.name,
        requests=limit.requests,
        unit=LimitUnit(limit.unit.lower()),
        per_client=bool(limit.per_client),
        headers=tuple(dict.fromkeys(name.lower() for name in limit.per_headers)),
        claims=limit.per_claims,
        per_route=bool(limit.per_route),
        cost=1 if cost.request is None else cost.request,
        cost_header=(cost.response_header or "").lower(),
        is_shadow=bool(limit.shadow),
    )


@query
def limit_domain(view: View, member: Member) -> LimitDomain | None:
    """Return what a service has to know of a RoutePolicy; None where that limits nothing by one."""
    row = view.get(RoutePolicy, member.key)
    sections = (given.global_limits for _, given in by_strategy(row)) if row is not None else ()
    limits = tuple(limit for section in sections if section is not None for limit in shared_limits(section))
    return LimitDomain(name=str(member.key), limits=limits) if limits else None


@query
def foreign_limit_domain(view: View, member: Member) -> LimitDomain | None:
    """Return the same of a BackendTrafficPolicy."""
    policy = ObjectKey(*member.key)  # type: ignore[misc]
    sections = (each.value for each in _foreign_sections(view, policy))
    limits = tuple(limit for each in sections if isinstance(each, GlobalLimitsSection) for limit in shared_limits(each))
    return LimitDomain(name=_foreign_domain(policy), limits=limits) if limits else None


LIMIT_DOMAINS = Output(
    name="limit_domains",
    sources=(
        Source(table=RoutePolicy, query=limit_domain),
        Source(table=BackendTrafficPolicy, query=foreign_limit_domain),
    ),
    on_demand=True,
)
"""What rate limit services have to know, for each policy."""
