"""CONDITIONS: every condition type that gatewayd writes, and what it means for whoever reads a status.

A new condition is a row here and a constructor in `translator/verdicts.py`. Checks of manifests, Events, the overview
and explanations read the row; `status/merge` knows by the table which conditions of an object are gatewayd's.
Types: https://gateway-api.sigs.k8s.io/reference/spec/ (the *ConditionType constants).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from gatewayd.ir.outcome import Verdict
from gatewayd.own_group import own

ACCEPTED: Final = "Accepted"
ADDRESSES_ASSIGNED: Final = "AddressesAssigned"
CLOSED_BY_POLICY: Final = own("ClosedByPolicy")
CONFLICTED: Final = "Conflicted"
INSECURE_FRONTEND: Final = "InsecureFrontendValidationMode"
OVERLAPPING_TLS: Final = "OverlappingTLSConfig"
OVERRIDDEN: Final = own("Overridden")
PARTIALLY_INVALID: Final = "PartiallyInvalid"
PROGRAMMED: Final = "Programmed"
REFUSED_BY_PROXY: Final = own("RefusedByProxy")
RESOLVED_REFS: Final = "ResolvedRefs"
SUPPORTED_VERSION: Final = "SupportedVersion"
WARNING: Final = "Warning"
"""Of policies of Envoy Gateway, which have it too."""

LISTENERS_NOT_VALID: Final = "ListenersNotValid"
"""The reason of an Accepted that only names listeners: each of them says more itself."""
NO_RESOURCES: Final = "NoResources"
"""The reason of a Programmed that is bad because something was refused; with any other one it is a matter of time."""


class Severity(StrEnum):
    """An error makes a check of manifests fail, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class FulfilledBy(Enum):
    """Who can bring a condition to its good status."""

    AUTHOR = "whoever writes the manifests"
    PROXY = "a proxy that acknowledges its configuration: without one the condition is bad, and nobody is to blame"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionType:
    """One type of condition.

    `good`: its status when all is well. `severity`: what it is to a check of manifests when it is not good; None:
    nothing, since another condition says the same or the author chose it. `announced`: it becomes an Event when it
    turns bad, one that a proxy fulfils with the reason NoResources only. `warning`: the reason of the Event that its
    message makes while it is good, because the message tells of a defect that is served all the same; "" for none.
    """

    type: str
    good: bool
    severity: Severity | None
    announced: bool
    fulfilled_by: FulfilledBy
    warning: str = ""


_AUTHOR, _PROXY = FulfilledBy.AUTHOR, FulfilledBy.PROXY
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_TYPES: Final = (
    ConditionType(type=ACCEPTED, good=True, severity=_ERROR, announced=True, fulfilled_by=_AUTHOR),
    ConditionType(type=ADDRESSES_ASSIGNED, good=True, severity=_ERROR, announced=False, fulfilled_by=_AUTHOR),
    ConditionType(type=CLOSED_BY_POLICY, good=False, severity=_ERROR, announced=True, fulfilled_by=_AUTHOR),
    # A listener in conflict is not accepted either, with the same reason.
    ConditionType(type=CONFLICTED, good=False, severity=None, announced=False, fulfilled_by=_AUTHOR),
    # It tells others what the author wrote on purpose.
    ConditionType(type=INSECURE_FRONTEND, good=False, severity=None, announced=False, fulfilled_by=_AUTHOR),
    ConditionType(type=OVERLAPPING_TLS, good=False, severity=_WARNING, announced=False, fulfilled_by=_AUTHOR),
    # Whoever stands above, or nearer, wanted it so.
    ConditionType(type=OVERRIDDEN, good=False, severity=None, announced=False, fulfilled_by=_AUTHOR),
    ConditionType(type=PARTIALLY_INVALID, good=False, severity=_WARNING, announced=True, fulfilled_by=_AUTHOR),
    ConditionType(type=PROGRAMMED, good=True, severity=_ERROR, announced=True, fulfilled_by=_PROXY),
    # The Gateway has the Event: a refused route table is one refusal, however many routes it has.
    ConditionType(type=REFUSED_BY_PROXY, good=False, severity=_ERROR, announced=False, fulfilled_by=_PROXY),
    ConditionType(
        type=RESOLVED_REFS,
        good=True,
        severity=_ERROR,
        announced=True,
        fulfilled_by=_AUTHOR,
        warning="CertificateWarning",
    ),
    ConditionType(type=SUPPORTED_VERSION, good=True, severity=_ERROR, announced=False, fulfilled_by=_AUTHOR),
    ConditionType(type=WARNING, good=False, severity=_WARNING, announced=False, fulfilled_by=_AUTHOR),
)
CONDITIONS: Final[Mapping[str, ConditionType]] = {row.type: row for row in _TYPES}
"""The condition types that gatewayd writes."""


def is_good(verdict: Verdict) -> bool:
    """Return whether a verdict says that all is well."""
    return verdict.status is CONDITIONS[verdict.type].good


def verdict_of(verdicts: Iterable[Verdict], kind: str) -> Verdict | None:
    """Return the verdict of one type among those of an object, None when nothing is said of it."""
    return next((verdict for verdict in verdicts if verdict.type == kind), None)


def holds(verdicts: Iterable[Verdict], kind: str) -> bool:
    """Return whether a condition is said of an object and is good."""
    verdict = verdict_of(verdicts, kind)
    return verdict is not None and is_good(verdict)


def finding_severity(verdict: Verdict) -> Severity | None:
    """Return what a verdict is to a check of manifests, where no proxy runs; None: nothing to tell."""
    condition = CONDITIONS[verdict.type]
    if condition.fulfilled_by is FulfilledBy.PROXY:
        return None
    if not is_good(verdict):
        return condition.severity
    return Severity.WARNING if condition.warning and verdict.message else None


def finding_reason(verdict: Verdict) -> str:
    """Return the code of a finding: the verdict's reason, or that of the warning that a good one makes."""
    return CONDITIONS[verdict.type].warning or verdict.reason if is_good(verdict) else verdict.reason


def event_reason(verdict: Verdict) -> str | None:
    """Return the reason of the Event that a verdict makes when it is new; None: it makes none."""
    condition = CONDITIONS[verdict.type]
    if is_good(verdict):
        return condition.warning if condition.warning and verdict.message else None
    if not condition.announced:
        return None
    passes = condition.fulfilled_by is FulfilledBy.PROXY and verdict.reason != NO_RESOURCES
    return None if passes else verdict.reason
