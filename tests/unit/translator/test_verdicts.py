from inspect import isfunction, signature
from types import FunctionType

import pytest

from gatewayd.ir.conditions import CONDITIONS
from gatewayd.ir.outcome import Verdict
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


SAMPLES: dict[object, object] = {str: "m", Verdict: verdicts.accepted(), tuple[str, ...]: ("m",)}


def constructors() -> list[FunctionType]:
    """Return the functions that make verdicts; nobody else does (tests/unit/translator/test_reasons.py)."""
    public = (each for name, each in vars(verdicts).items() if isfunction(each) and not name.startswith("_"))
    return [each for each in public if each.__module__ == verdicts.__name__]


def sample(constructor: FunctionType) -> Verdict:
    parameters = signature(constructor).parameters.values()
    made = constructor(*(SAMPLES[each.annotation] for each in parameters))
    assert isinstance(made, Verdict)
    return made


@pytest.mark.parametrize("constructor", constructors(), ids=lambda each: each.__name__)
def test_every_verdict_is_of_a_type_of_the_table(constructor: FunctionType) -> None:
    assert sample(constructor).type in CONDITIONS


def test_every_type_of_the_table_is_said() -> None:
    assert {sample(each).type for each in constructors()} == set(CONDITIONS)


def test_what_others_wrote_stays_within_the_line() -> None:
    hostile = "\x1b[2J\n::error::\u202e"
    said = (verdicts.unresolved("a", hostile), verdicts.programmed(hostile), verdicts.overlapping_tls(hostile))
    assert {each.message for each in said} == {r"\x1b[2J\n::error::\u202e"}
