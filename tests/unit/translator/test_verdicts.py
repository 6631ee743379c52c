import ast
from inspect import isfunction, signature
from pathlib import Path
from types import FunctionType

import pytest

from gatewayd.ir.conditions import CONDITIONS
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts

SAMPLES: dict[object, object] = {str: "m", Verdict: verdicts.accepted(), tuple[str, ...]: ("m",)}


def constructors() -> list[FunctionType]:
    public = (each for name, each in vars(verdicts).items() if isfunction(each) and not name.startswith("_"))
    return [each for each in public if each.__module__ == verdicts.__name__]


def sample(constructor: FunctionType) -> Verdict:
    parameters = signature(constructor).parameters.values()
    verdict = constructor(*(SAMPLES[each.annotation] for each in parameters))
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize("constructor", constructors(), ids=lambda each: each.__name__)
def test_every_verdict_is_of_a_type_of_the_table(constructor: FunctionType) -> None:
    verdict = sample(constructor)
    assert verdict.type in CONDITIONS
    assert not verdict.message.endswith(".")


def test_every_type_of_the_table_is_said() -> None:
    assert {sample(each).type for each in constructors()} == set(CONDITIONS)


TRUE = {
    "accepted",
    "addresses_assigned",
    "closed_by_policy",
    "conflicted",
    "hostname_conflict",
    "insecure_frontend",
    "overlapping_tls",
    "overridden",
    "path_taken",
    "programmed",
    "protocol_conflict",
    "refused_by_proxy",
    "resolved",
    "rule_dropped",
    "rules_fell_back",
    "some_listeners_not_valid",
    "supported_version",
    "taken_differently",
    "with_notes",
}


def test_what_is_true_and_what_is_false() -> None:
    assert {each.__name__ for each in constructors() if sample(each).status} == TRUE


# --- nobody else writes a type or a reason -----------------------------------------------------------------------

TYPES_AND_REASONS = {word for each in constructors() for word in (sample(each).type, sample(each).reason)}
WORDS = {*(TYPES_AND_REASONS - {"m"}), *(each for name, each in vars(verdicts).items() if name.isupper())}
BY_VERDICT = ("not_accepted", "not_programmed", "unresolved", "conflicted")
CARRIERS = {"Verdict": None, "InvalidBackend": None, "Unresolved": 0, **dict.fromkeys(BY_VERDICT, 0)}
"""What takes a reason, and at which place; None: by keyword only."""


def elsewhere() -> list[tuple[str, ast.Module]]:
    """Return the other modules of the translator."""
    package = Path(verdicts.__file__).parent
    paths = (path for path in sorted(package.rglob("*.py")) if path != Path(verdicts.__file__))
    return [(str(path.relative_to(package)), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def reasons_given(call: ast.Call) -> list[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in CARRIERS:
        return []
    at = CARRIERS[name]
    given = [] if at is None else call.args[at : at + 1]
    return [*given, *(keyword.value for keyword in call.keywords if keyword.arg == "reason")]


def test_no_other_module_of_the_translator_makes_a_verdict() -> None:
    calls = [(name, node) for name, tree in elsewhere() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    makers = [name for name, call in calls if getattr(call.func, "id", "") == "Verdict"]
    literal = [
        f"{name}:{call.lineno}"
        for name, call in calls
        for reason in reasons_given(call)
        if isinstance(reason, ast.Constant | ast.JoinedStr)
    ]
    assert (makers, literal) == ([], [])


def test_no_other_module_of_the_translator_knows_the_word_of_a_type_or_reason() -> None:
    known = [
        f"{name}:{node.lineno} {node.value}"
        for name, tree in elsewhere()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in WORDS
    ]
    assert known == []


def test_what_others_wrote_stays_within_the_line() -> None:
    hostile = "\x1b[2J\n::error::\u202e"
    said = (verdicts.unresolved("a", hostile), verdicts.programmed(hostile), verdicts.overlapping_tls(hostile))
    assert {each.message for each in said} == {r"\x1b[2J\n::error::\u202e"}
