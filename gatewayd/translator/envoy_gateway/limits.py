"""BackendTrafficPolicy, rateLimit and bandwidthLimit -> sections of a RoutePolicy.

A limit is left out and told where requests would count that shall not, or not those that shall.
https://gateway.envoyproxy.io/docs/api/extension_types/#ratelimitspec
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, cast

from gatewayd.api.envoy_gateway.limits import (
    TrafficBandwidth,
    TrafficLimitRule,
    TrafficLimits,
    TrafficRate,
    TrafficSelector,
    TrafficSharedRule,
)
from gatewayd.api.globallimits import GlobalLimit, GlobalLimitsSection, LimitCost
from gatewayd.api.routepolicy import BandwidthSection, RateLimitRule, RateLimitSection
from gatewayd.translator.envoy_gateway.amounts import whole_bytes
from gatewayd.translator.envoy_gateway.taken import Telling

_UNITS: Final = ("Second", "Minute", "Hour")
_SHARED_UNITS: Final = (*_UNITS, "Day")
_MOST_REQUESTS: Final = 1_000_000
_MOST_SHARED: Final = 1_000_000_000
_MOST_COST: Final = 1_000_000
_MOST_HEADERS: Final = 4
_MOST_RULES: Final = 16
_TELLS: Final = "DraftVersion03"
_SECONDS: Final[Mapping[str, int]] = {"Second": 1, "Minute": 60, "Hour": 3600}
_KIB: Final = 1024


def local_limits(written: TrafficLimits | None, telling: Telling) -> RateLimitSection | None:
    """Return the limits that each proxy counts for itself."""
    local = written.local if written is not None else None
    rules = [_limit(rule, at, telling) for at, rule in enumerate(local.rules)] if local is not None else []
    limits = tuple(each for each in rules if each is not None)
    return RateLimitSection(limits=limits) if limits else None


def shared_limits(written: TrafficLimits | None, telling: Telling) -> GlobalLimitsSection | None:
    """Return the limits that all proxies count together; each has its name by its place in the list."""
    rules = written.global_.rules if written is not None and written.global_ is not None else ()
    if len(rules) > _MOST_RULES:
        telling.refuse(f"spec.rateLimit.global.rules[{_MOST_RULES}]", f"is one too many; at most {_MOST_RULES}")
    found = [_shared(rule, at, telling) for at, rule in enumerate(rules[:_MOST_RULES])]
    limits = tuple(each for each in found if each is not None)
    told = [at for at, rule in enumerate(rules) if rule.x_rate_limit_headers == _TELLS]
    if told and len(told) < len(rules):
        telling.differ(f"spec.rateLimit.global.rules[{told[0]}].xRateLimitHeaders", "responses tell of all rules")
    return GlobalLimitsSection(limits=limits, tell_clients=True if told else None) if limits else None


def has_shared_limits(spec: Mapping[str, Any]) -> bool:
    """Return whether a spec as it was written has limits of its own that all proxies count together."""
    limits = spec.get("rateLimit")
    shared = limits.get("global") if isinstance(limits, Mapping) else None
    return isinstance(shared, Mapping) and shared.get("rules") is not None


def bandwidth(written: TrafficBandwidth | None, telling: Telling) -> BandwidthSection | None:
    """Return how fast bodies may be; one direction has a limit."""
    if written is None:
        return None
    if written.request is not None and written.response is not None:
        why = "must have one of request, response: both would count together here"
        telling.refuse("spec.bandwidthLimit", why)
        return None
    if written.request is not None:
        return _bandwidth(written.request.limit, "Request", telling)
    return _bandwidth(written.response.limit, "Response", telling) if written.response is not None else None


def _bandwidth(
    rate: TrafficRate, direction: Literal["Request", "Response"], telling: Telling
) -> BandwidthSection | None:
    speed = _kibibytes(rate, f"spec.bandwidthLimit.{direction.lower()}.limit", telling)
    return BandwidthSection(kibibytes_per_second=speed, direction=direction) if speed else None


def _kibibytes(rate: TrafficRate, path: str, telling: Telling) -> int | None:
    count = whole_bytes(rate.value, f"{path}.value", telling)
    if count is None:
        return None
    part = _KIB * _SECONDS[rate.unit]
    speed = max(1, count // part)
    if speed * part != count:
        telling.differ(path, f"{speed} KiB in a second, in whole ones")
    return speed


def _bounds(rule: TrafficLimitRule | TrafficSharedRule, path: str, telling: Telling, *, is_shared: bool) -> bool:
    """Tell what of a rule is beyond what can be had, and return whether all of it can."""
    most, units = (_MOST_SHARED, _SHARED_UNITS) if is_shared else (_MOST_REQUESTS, _UNITS)
    if rule.limit.unit not in units:
        telling.refuse(f"{path}.limit.unit", f"must be one of {', '.join(units)}")
    if not 1 <= rule.limit.requests <= most:
        telling.refuse(f"{path}.limit.requests", f"must be from 1 to {most}")
    if len(rule.client_selectors) > 1:
        telling.refuse(f"{path}.clientSelectors", "must be one, whose parts count together")
    elif rule.client_selectors and len(rule.client_selectors[0].headers) > _MOST_HEADERS:
        telling.refuse(f"{path}.clientSelectors[0].headers", f"must be at most {_MOST_HEADERS}")
    return not telling.has_refused_below(path)


def _limit(rule: TrafficLimitRule, at: int, telling: Telling) -> RateLimitRule | None:
    if not _bounds(rule, f"spec.rateLimit.local.rules[{at}]", telling, is_shared=False):
        return None
    selected = _selected(rule)
    return RateLimitRule(
        requests=rule.limit.requests,
        unit=cast("Literal['Second', 'Minute', 'Hour']", rule.limit.unit),
        per_client=(selected.source_cidr is not None) or None,
        per_headers=tuple(each.name for each in selected.headers),
    )


def _shared(rule: TrafficSharedRule, at: int, telling: Telling) -> GlobalLimit | None:
    path = f"spec.rateLimit.global.rules[{at}]"
    request = rule.cost.request if rule.cost is not None else None
    cost = request.number if request is not None else None
    if cost is not None and cost > _MOST_COST:
        telling.refuse(f"{path}.cost.request.number", f"must be at most {_MOST_COST}")
    if not _bounds(rule, path, telling, is_shared=True):
        return None
    selected = _selected(rule)
    return GlobalLimit(
        name=f"rule-{at}",
        requests=rule.limit.requests,
        unit=cast("Literal['Second', 'Minute', 'Hour', 'Day']", rule.limit.unit),
        per_client=(selected.source_cidr is not None) or None,
        per_headers=tuple(each.name for each in selected.headers),
        per_route=None if rule.shared else True,
        cost=LimitCost(request=cost) if cost is not None else None,
        shadow=rule.shadow_mode or None,
    )


def _selected(rule: TrafficLimitRule | TrafficSharedRule) -> TrafficSelector:
    return rule.client_selectors[0] if rule.client_selectors else TrafficSelector()
