"""What is in force of ReportPolicies for a Gateway, and what that makes of its access log."""

from typing import NamedTuple

from gatewayd.api.durations import milliseconds
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.reportpolicy import AccessLogSection, LogHeader, ReportPolicy
from gatewayd.incremental.view import View
from gatewayd.ir.access_log import USUAL, Logged, LoggedHeader, chosen_fields
from gatewayd.translator.policies.effective import (
    CLASS_KIND,
    NOTHING,
    ChainKey,
    Effective,
    ScopedTarget,
    any_inherited,
    effective,
)
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


def log_ruling(view: View, gateway: ObjectKey) -> Ruling | None:
    """Return what policies say of the log of a Gateway; None when they say nothing."""
    for ruled in report_effective(view, gateway).of("access_log"):
        if isinstance(ruled.value, AccessLogSection):
            return Ruling(_logged(ruled.value), ruled.value, ruled.policy.namespace)
    return None


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
