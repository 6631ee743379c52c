"""RoutePolicy: what its sections in force put in the way of a request, as filters of the IR."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from gatewayd.api.inherited import PolicySection
from gatewayd.api.routepolicy import RateLimitRule, RateLimitSection
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.translator.policies.effective import NOTHING, Effective

_UNITS: Final[Mapping[str, int]] = MappingProxyType({"Second": 1, "Minute": 60, "Hour": 3600})


def passage_filters(found: Effective) -> tuple[HTTPFilter, ...]:
    """Return what a request meets that may come in."""
    if found == NOTHING:
        return ()
    return tuple(_filter(each.value) for name in _READ for each in found.of(name))


@lru_cache(maxsize=256)
def _filter(section: PolicySection) -> HTTPFilter:
    """Return one filter for all rules that have the same section."""
    return next(read(section) for struct, read in _READ.values() if isinstance(section, struct))


def _rate_limits(section: RateLimitSection) -> RateLimits:
    return RateLimits(limits=tuple(map(_rate_limit, section.limits)))


def _rate_limit(rule: RateLimitRule) -> RateLimit:
    return RateLimit(
        requests=rule.requests,
        unit_s=_UNITS[rule.unit],
        burst=rule.requests if rule.burst is None else rule.burst,
        per_client=bool(rule.per_client),
        headers=tuple(dict.fromkeys(name.lower() for name in rule.per_headers)),
    )


_READ: Final[Mapping[str, tuple[type[PolicySection], Callable[[Any], HTTPFilter]]]] = MappingProxyType(
    {
        "rate_limit": (RateLimitSection, _rate_limits),
    }
)
"""What makes a filter of a section, by the section's attribute."""
