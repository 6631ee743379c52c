"""What of policies cannot be had where the parent of a route is a Service, and what becomes of requests then.

In: what is in force for a rule. Out: the sections of which nothing comes, with what is allowed instead; and what is
left. No Gateway and no class stands above such a rule, and proxies of nodes get no Secrets.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.globallimits import GlobalLimitsSection
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.translator.policies.effective import Effective, Ruled, wire_name
from gatewayd.translator.policies.kinds import InheritedPolicy, InheritedTable, by_strategy

_BROWSERS: Final = "a login is for browsers, which come by a Gateway; allowed for a Service: jwt"
_SECRETS: Final = "proxies of nodes get no Secrets; allowed for a Service: jwt"
_NOBODY_COUNTS: Final = "nobody counts for the proxies of nodes; allowed for a Service: rateLimit"
_NO_CODE: Final = "no GatewayClass allows code in the proxies of nodes; allowed for a Service: externalProcessing"
_NOT_TOLD: Final = "proxies of nodes tell nothing of requests; allowed for a Service: none"


class SectionFault(NamedTuple):
    """Why a section cannot be had. `closes`: it may be there to protect."""

    why: str
    closes: bool


class UnservedSection(NamedTuple):
    """A section in force that cannot be had."""

    ruled: Ruled
    fault: SectionFault


_Look: TypeAlias = Callable[[Any], SectionFault]


def _always(why: str, *, closes: bool) -> _Look:
    return lambda _section: SectionFault(why, closes)


def _global_limits(section: GlobalLimitsSection) -> SectionFault:
    return SectionFault(_NOBODY_COUNTS, section.when_unavailable == "Deny")


_OF_ACCESS: Final[Mapping[str, _Look]] = MappingProxyType(
    {
        "oidc": _always(_BROWSERS, closes=True),
        "api_keys": _always(_SECRETS, closes=True),
        "basic": _always(_SECRETS, closes=True),
    }
)
_OF_ROUTES: Final[Mapping[str, _Look]] = MappingProxyType(
    {
        "global_limits": _global_limits,
        "lua": _always(_NO_CODE, closes=True),
    }
)
_OF_REPORTS: Final[Mapping[str, _Look]] = MappingProxyType(
    dict.fromkeys(("access_log", "sampling", "metrics"), _always(_NOT_TOLD, closes=False))
)
_FAULTS: Final[Mapping[InheritedTable, Mapping[str, _Look]]] = MappingProxyType(
    {AccessPolicy: _OF_ACCESS, RoutePolicy: _OF_ROUTES, ReportPolicy: _OF_REPORTS}
)
"""What is wrong with a section for a Service, by the kind of policy and the section's attribute."""


def unserved(table: InheritedTable, found: Effective) -> Iterator[UnservedSection]:
    """Yield what is in force of a kind of policy, and cannot be had."""
    for name, look in _FAULTS[table].items():
        yield from (UnservedSection(ruled, look(ruled.value)) for ruled in found.of(name))


def served(table: InheritedTable, found: Effective) -> Effective:
    """Return what is left of that: the sections that can be had."""
    faults = _FAULTS[table]
    if not any(each.section in faults for each in (*found.overrides, *found.defaults)):
        return found
    return replace(found, overrides=_left(found.overrides, faults), defaults=_left(found.defaults, faults))


def _left(ruled: tuple[Ruled, ...], faults: Collection[str]) -> tuple[Ruled, ...]:
    return tuple(each for each in ruled if each.value.is_disabled or each.section not in faults)


def unserved_fields(row: InheritedPolicy) -> Iterator[tuple[str, SectionFault]]:
    """Yield what of a policy cannot be had for Services, each with its path."""
    faults = _FAULTS.get(type(row), {})
    for strategy, given in by_strategy(row):
        for name, look in faults.items():
            section = getattr(given, name, None)
            if section is not None and not section.is_disabled:
                yield f"spec.{strategy}.{wire_name(name)}", look(section)
