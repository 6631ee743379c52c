"""What the ReportPolicy of a Gateway makes of its access log."""

from gatewayd.api.durations import milliseconds
from gatewayd.api.meta import ObjectKey
from gatewayd.api.reportpolicy import AccessLogSection, ReportPolicy
from gatewayd.incremental.view import View
from gatewayd.ir.access_log import USUAL, Logged, chosen_fields
from gatewayd.translator.policies.effective import CLASS_KIND, ChainKey, ScopedTarget, any_inherited, effective
from gatewayd.translator.protocols import GATEWAY_KIND


def with_policy(view: View, gateway: ObjectKey, class_name: str, logged: Logged | None) -> Logged | None:
    """Return what is logged for a Gateway of a class: as its policies say, else as `logged` does; None for nothing."""
    if not any_inherited(view, ReportPolicy):
        return logged
    chain = (
        ScopedTarget(CLASS_KIND, ObjectKey("", class_name), ""),
        ScopedTarget(GATEWAY_KIND, gateway, ""),
    )
    for ruled in effective(view, ChainKey(ReportPolicy, chain)).of("access_log"):
        if isinstance(ruled.value, AccessLogSection):
            return _logged(ruled.value)
    return logged


def _logged(section: AccessLogSection) -> Logged | None:
    if section.write == "Nothing":
        return None
    return Logged(
        fields=chosen_fields(section.fields or (USUAL,)),
        least_status=section.min_status or 0,
        least_milliseconds=milliseconds(section.min_duration),
    )
