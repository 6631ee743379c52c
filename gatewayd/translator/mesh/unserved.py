"""What of policies cannot be had where the parent of a route is a Service, and what becomes of requests then.

In: what is in force for a rule. Out: the sections, or parts of them, of which nothing comes, with what is allowed
instead; and what is left. No Gateway and no class stands above such a rule, and proxies of nodes get no Secrets.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from msgspec import structs

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.globallimits import GlobalLimitsSection
from gatewayd.api.inherited import PolicySection
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RateLimitSection, RoutePolicy
from gatewayd.translator.policies.effective import Effective, Ruled, wire_name
from gatewayd.translator.policies.kinds import InheritedPolicy, InheritedTable, by_strategy

_BROWSERS: Final = "a login is for browsers, which come by a Gateway; allowed for a Service: jwt"
_SECRETS: Final = "proxies of nodes get no Secrets; allowed for a Service: jwt"
_NOBODY_COUNTS: Final = "nobody counts for the proxies of nodes; allowed for a Service: rateLimit"
_NO_CODE: Final = "no GatewayClass allows code in the proxies of nodes; allowed for a Service: externalProcessing"
_OWN_WORD: Final = (
    "a caller of a Service writes x-forwarded-for itself; allowed for a Service: perHeaders, perClaims, none"
)
_NOT_TOLD: Final = "proxies of nodes tell nothing of requests; allowed for a Service: none"


class SectionFault(NamedTuple):
    """Why a section cannot be had, or the part of it that stands `below`. `closes`: it may be there to protect."""

    below: str
    why: str
    closes: bool


class UnservedSection(NamedTuple):
    """A section in force that cannot be had, or a part of it."""

    ruled: Ruled
    fault: SectionFault


def _whole(why: str, *, closes: bool) -> Callable[[Any], Iterator[SectionFault]]:
    return lambda _section: iter((SectionFault("", why, closes),))


def _global_limits(section: GlobalLimitsSection) -> Iterator[SectionFault]:
    yield SectionFault("", _NOBODY_COUNTS, section.when_unavailable == "Deny")


def _rate_limit(section: RateLimitSection) -> Iterator[SectionFault]:
    for at, limit in enumerate(section.limits):
        if limit.per_client:
            yield SectionFault(f".limits[{at}].perClient", _OWN_WORD, closes=False)


_OF_ACCESS: Final[Mapping[str, Callable[[Any], Iterator[SectionFault]]]] = MappingProxyType(
    {
        "oidc": _whole(_BROWSERS, closes=True),
        "api_keys": _whole(_SECRETS, closes=True),
        "basic": _whole(_SECRETS, closes=True),
    }
)
_OF_ROUTES: Final[Mapping[str, Callable[[Any], Iterator[SectionFault]]]] = MappingProxyType(
    {
        "rate_limit": _rate_limit,
        "global_limits": _global_limits,
        "lua": _whole(_NO_CODE, closes=True),
    }
)
_OF_REPORTS: Final[Mapping[str, Callable[[Any], Iterator[SectionFault]]]] = MappingProxyType(
    dict.fromkeys(("access_log", "sampling", "metrics"), _whole(_NOT_TOLD, closes=False))
)
_FAULTS: Final[Mapping[InheritedTable, Mapping[str, Callable[[Any], Iterator[SectionFault]]]]] = MappingProxyType(
    {AccessPolicy: _OF_ACCESS, RoutePolicy: _OF_ROUTES, ReportPolicy: _OF_REPORTS}
)
"""What is wrong with a section for a Service, by the kind of policy and the section's attribute."""


def unserved(table: InheritedTable, found: Effective) -> Iterator[UnservedSection]:
    """Yield what is in force of a kind of policy, and cannot be had."""
    for name, faults in _FAULTS[table].items():
        yield from (UnservedSection(ruled, fault) for ruled in found.of(name) for fault in faults(ruled.value))


def served(table: InheritedTable, found: Effective) -> Effective:
    """Return what is left of that: the sections, or their parts, that can be had."""
    faults = _FAULTS[table]
    if not any(each.section in faults for each in (*found.overrides, *found.defaults)):
        return found
    return replace(
        found, overrides=tuple(_left(found.overrides, faults)), defaults=tuple(_left(found.defaults, faults))
    )


def _left(ruled: tuple[Ruled, ...], faults: Mapping[str, Callable[[Any], Iterator[SectionFault]]]) -> Iterator[Ruled]:
    for each in ruled:
        if each.value.is_disabled or each.section not in faults:
            yield each
        elif (left := _part(each.value)) is not None:
            yield each._replace(value=left)


def _part(section: PolicySection) -> PolicySection | None:
    """Return what is left of a section of which not all can be had; None for nothing."""
    if not isinstance(section, RateLimitSection):
        return None
    limits = tuple(each for each in section.limits if not each.per_client)
    return structs.replace(section, limits=limits) if limits else None


def unserved_fields(row: InheritedPolicy) -> Iterator[tuple[str, SectionFault]]:
    """Yield what of a policy cannot be had for Services, each with its path."""
    faults = _FAULTS.get(type(row), {})
    for strategy, given in by_strategy(row):
        for name, look in faults.items():
            section = getattr(given, name, None)
            if section is not None and not section.is_disabled:
                yield from ((f"spec.{strategy}.{wire_name(name)}{fault.below}", fault) for fault in look(section))
