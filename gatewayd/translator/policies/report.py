"""What is in force of ReportPolicies: for a Gateway, what that makes of its log; for a rule, what is told of it."""

from typing import Final, NamedTuple

from gatewayd.api.durations import milliseconds
from gatewayd.api.envoy_gateway.objects import BackendTrafficPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.reportpolicy import AccessLogSection, LogHeader, ReportPolicy, SamplingSection
from gatewayd.incremental.view import Index, View, query, rows, ungrouped
from gatewayd.ir.access_log import USUAL, Logged, LoggedHeader, chosen_fields
from gatewayd.ir.http import UNREPORTED, RouteReport
from gatewayd.ir.tracing import WHOLE
from gatewayd.translator.policies.effective import (
    CLASS_KIND,
    NOTHING,
    Chain,
    ChainKey,
    Effective,
    ScopedTarget,
    any_inherited,
    effective,
)
from gatewayd.translator.policies.envoy_proxy import envoy_proxy
from gatewayd.translator.policies.kinds import by_strategy
from gatewayd.translator.protocols import GATEWAY_KIND


class Ruling(NamedTuple):
    """What is said of a Gateway's log: what is logged (None: nothing), by the section of a policy of `namespace`."""

    logged: Logged | None
    section: AccessLogSection
    namespace: str


def report_effective(view: View, gateway: ObjectKey) -> Effective:
    """Return which sections of ReportPolicies are in force for a Gateway, and whose they are."""
    if not any_inherited(view, ReportPolicy):
        return NOTHING
    row = view.get(Gateway, gateway)
    chain = (
        ScopedTarget(CLASS_KIND, ObjectKey("", row.spec.gateway_class_name if row is not None else ""), ""),
        ScopedTarget(GATEWAY_KIND, gateway, ""),
    )
    return effective(view, ChainKey(ReportPolicy, chain))


_OF_ROUTES: Final = ("sampling", "metrics")
"""Sections, as attributes, that say something of single routes."""


def _tells_of_routes(row: ReportPolicy) -> list[tuple[()]]:
    told = any(getattr(given, name) is not None for _, given in by_strategy(row) for name in _OF_ROUTES)
    return [_ANYWHERE] if told else []


_ANYWHERE: Final = ()
TELLING = Index(
    name="policies_that_tell_of_routes",
    sources=(
        rows(ReportPolicy, _tells_of_routes),
        rows(BackendTrafficPolicy, lambda row: [_ANYWHERE] if row.spec.get("telemetry") else []),
    ),
    group=ungrouped,
)


@query
def any_telling(view: View, _everywhere: tuple[()]) -> bool:
    """Return whether any policy says something of single routes: most clusters need not be asked further."""
    return view.count(TELLING, _ANYWHERE) > 0


def told_of_route(view: View, chain: Chain) -> Effective:
    """Return which sections about the last target of a chain are in force: a route, or a rule of it."""
    if not any_telling(view, ()):
        return NOTHING
    sections = effective(view, ChainKey(ReportPolicy, chain))
    return Effective(
        overrides=tuple(each for each in sections.overrides if each.section in _OF_ROUTES),
        defaults=tuple(each for each in sections.defaults if each.section in _OF_ROUTES),
    )


def report(sections: Effective) -> RouteReport:
    """Return what sections in force come to."""
    if sections == NOTHING:
        return UNREPORTED
    rates = [each.value.rate for each in sections.of("sampling") if isinstance(each.value, SamplingSection)]
    rate = rates[0] if rates else None
    return RouteReport(
        sampled=None if rate is None else sampled_parts(rate.numerator, rate.denominator),
        counted=any(True for _ in sections.of("metrics")),
    )


def sampled_parts(numerator: int, denominator: int) -> int:
    """Return how many of WHOLE requests are sampled: some where a rate says any."""
    return min(WHOLE, -(-numerator * WHOLE // denominator))


def log_ruling(view: View, gateway: ObjectKey) -> Ruling | None:
    """Return what policies say of the log of a Gateway; None when they say nothing."""
    for ruled in report_effective(view, gateway).of("access_log"):
        if isinstance(ruled.value, AccessLogSection):
            return Ruling(_logged(ruled.value), ruled.value, ruled.policy.namespace)
    theirs = envoy_proxy(view, gateway)
    if theirs is None or theirs.taken.access_log is None:
        return None
    return Ruling(_logged(theirs.taken.access_log), theirs.taken.access_log, theirs.key.namespace)


def _logged(section: AccessLogSection) -> Logged | None:
    if section.write == "Nothing":
        return None
    return Logged(
        fields=chosen_fields(section.fields or (USUAL,)),
        least_status=section.min_status or 0,
        least_milliseconds=milliseconds(section.min_duration),
        headers=tuple(map(_header, section.with_headers)),
    )


def _header(written: LogHeader) -> LoggedHeader:
    return LoggedHeader(name=written.name.lower(), values=written.values)
