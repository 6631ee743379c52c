import pytest

from gatewayd.ir.conditions import (
    ACCEPTED,
    ADDRESSES_ASSIGNED,
    CONDITIONS,
    CONFLICTED,
    INSECURE_FRONTEND,
    OVERLAPPING_TLS,
    PARTIALLY_INVALID,
    PROGRAMMED,
    RESOLVED_REFS,
    SUPPORTED_VERSION,
    Severity,
    event_reason,
    finding_severity,
    holds,
    is_good,
    verdict_of,
)
from gatewayd.ir.outcome import Verdict

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def verdict(kind: str, reason: str = "Why", message: str = "", *, status: bool) -> Verdict:
    return Verdict(type=kind, status=status, reason=reason, message=message)


def bad(kind: str, reason: str = "Why", message: str = "m") -> Verdict:
    return verdict(kind, reason, message, status=not CONDITIONS[kind].good)


def good(kind: str, message: str = "") -> Verdict:
    return verdict(kind, message=message, status=CONDITIONS[kind].good)


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_type_stands_under_its_name_and_has_one_good_status(kind: str) -> None:
    assert CONDITIONS[kind].type == kind
    assert is_good(good(kind))
    assert not is_good(bad(kind))


@pytest.mark.parametrize(
    ("wrong", "severity", "event"),
    [
        (bad(ACCEPTED), ERROR, "Why"),
        (bad(RESOLVED_REFS), ERROR, "Why"),
        (bad(PARTIALLY_INVALID), WARNING, "Why"),
        (bad(OVERLAPPING_TLS), WARNING, None),
        (bad(CONFLICTED), None, None),
        (bad(INSECURE_FRONTEND), None, None),
        (bad(ADDRESSES_ASSIGNED), ERROR, None),
        (bad(SUPPORTED_VERSION), ERROR, None),
        (bad(PROGRAMMED, "Pending"), None, None),
        (bad(PROGRAMMED, "NoResources"), None, "NoResources"),
    ],
)
def test_who_hears_of_what_is_wrong(wrong: Verdict, severity: Severity | None, event: str | None) -> None:
    assert (finding_severity(wrong), event_reason(wrong)) == (severity, event)


@pytest.mark.parametrize("kind", CONDITIONS)
def test_nobody_hears_of_what_is_well(kind: str) -> None:
    assert (finding_severity(good(kind)), event_reason(good(kind))) == (None, None)


@pytest.mark.parametrize("kind", [kind for kind in CONDITIONS if kind != RESOLVED_REFS])
def test_the_message_of_a_good_condition_is_no_warning(kind: str) -> None:
    assert (finding_severity(good(kind, "m")), event_reason(good(kind, "m"))) == (None, None)


def test_references_that_resolve_may_warn_of_a_certificate() -> None:
    ended = good(RESOLVED_REFS, "spec.listeners[0].tls: has ended")
    assert (finding_severity(ended), event_reason(ended)) == (WARNING, "CertificateWarning")


def test_a_verdict_is_found_by_its_type_wherever_it_stands() -> None:
    verdicts = (good(RESOLVED_REFS), bad(ACCEPTED))
    assert verdict_of(verdicts, ACCEPTED) == bad(ACCEPTED)
    assert verdict_of(verdicts, PROGRAMMED) is None
    assert [holds(verdicts, kind) for kind in (ACCEPTED, RESOLVED_REFS, PROGRAMMED)] == [False, True, False]
