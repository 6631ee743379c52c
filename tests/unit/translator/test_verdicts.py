import pytest

from gatewayd.ir.outcome import Verdict
from gatewayd.status.merge import OWN_CONDITIONS
from gatewayd.translator import verdicts


@pytest.mark.parametrize(
    ("verdict", "kind", "status", "reason"),
    [
        (verdicts.accepted(), "Accepted", True, "Accepted"),
        (verdicts.not_accepted("Why", "m"), "Accepted", False, "Why"),
        (verdicts.resolved(), "ResolvedRefs", True, "ResolvedRefs"),
        (verdicts.unresolved("InvalidKind", "m"), "ResolvedRefs", False, "InvalidKind"),
        (verdicts.programmed("m"), "Programmed", True, "Programmed"),
        (verdicts.not_programmed("Pending", "m"), "Programmed", False, "Pending"),
        (verdicts.no_conflicts(), "Conflicted", False, "NoConflicts"),
        (verdicts.conflicted("HostnameConflict", "m"), "Conflicted", True, "HostnameConflict"),
        (verdicts.overlapping_tls("m"), "OverlappingTLSConfig", True, "OverlappingHostnames"),
        (verdicts.some_listeners_not_valid("a"), "Accepted", True, "ListenersNotValid"),
        (verdicts.no_listener_valid("a"), "Accepted", False, "ListenersNotValid"),
        (verdicts.no_matching_parent("m"), "Accepted", False, "NoMatchingParent"),
        (verdicts.not_allowed("m"), "Accepted", False, "NotAllowedByListeners"),
        (verdicts.no_matching_hostname("m"), "Accepted", False, "NoMatchingListenerHostname"),
        (verdicts.unsupported_value("m"), "Accepted", False, "UnsupportedValue"),
    ],
)
def test_what_each_verdict_says(verdict: Verdict, kind: str, *, status: bool, reason: str) -> None:
    assert (verdict.type, verdict.status, verdict.reason) == (kind, status, reason)
    assert not verdict.message.endswith(".")


def test_statuses_know_every_type_that_is_said() -> None:
    said = {
        verdicts.ACCEPTED,
        verdicts.RESOLVED_REFS,
        verdicts.PROGRAMMED,
        verdicts.CONFLICTED,
        verdicts.OVERLAPPING,
    }
    assert said <= OWN_CONDITIONS


def test_what_others_wrote_stays_within_the_line() -> None:
    hostile = "\x1b[2J\n::error::\u202e"
    said = (verdicts.unresolved("a", hostile), verdicts.programmed(hostile), verdicts.overlapping_tls(hostile))
    assert {each.message for each in said} == {r"\x1b[2J\n::error::\u202e"}
