import pytest

from gatewayd.api.selectors import LabelSelector, LabelSelectorRequirement
from gatewayd.translator.namespaces import Admission, admits, admitted_words, selects
from tests.unit.translator.manifests import scratch

NAMESPACES = """
kind: Namespace
metadata: {name: shop, labels: {team: red}}
---
kind: Namespace
metadata: {name: blog}
"""
RED = LabelSelector(match_labels={"team": "red"})


@pytest.mark.parametrize(
    ("rule", "selector", "namespace", "admitted"),
    [
        ("All", None, "blog", True),
        ("All", None, "unheard-of", True),
        ("Same", None, "home", True),
        ("Same", None, "blog", False),
        ("None", None, "home", False),
        ("Selector", RED, "shop", True),
        ("Selector", RED, "blog", False),
        ("Selector", RED, "unheard-of", False),
        ("Selector", LabelSelector(), "blog", True),
        ("Selector", None, "shop", False),
    ],
)
def test_admission(rule: str, selector: LabelSelector | None, namespace: str, *, admitted: bool) -> None:
    assert admits(scratch(NAMESPACES), Admission(rule, selector, "home"), namespace) is admitted


@pytest.mark.parametrize(
    ("rule", "selector", "words"),
    [
        ("All", None, "all namespaces"),
        ("Same", None, "namespace 'home'"),
        ("None", None, "none"),
        ("Selector", None, "none"),
        ("Selector", LabelSelector(), "namespaces with any labels"),
        ("Selector", RED, "namespaces with team=red"),
        (
            "Selector",
            LabelSelector(
                match_labels={"c": "3", "b": "2", "a": "1"},
                match_expressions=(
                    LabelSelectorRequirement(key="team", operator="In", values=("red", "blue")),
                    LabelSelectorRequirement(key="old", operator="Exists"),
                ),
            ),
            "namespaces with a=1,b=2,c=3,team In (red, blue),...",
        ),
    ],
)
def test_words(rule: str, selector: LabelSelector | None, words: str) -> None:
    assert admitted_words(Admission(rule, selector, "home")) == words


def requirement(operator: str, *values: str) -> LabelSelector:
    return LabelSelector(
        match_expressions=(LabelSelectorRequirement(key="team", operator=operator, values=values),),
    )


@pytest.mark.parametrize(
    ("selector", "with_red", "without"),
    [
        (requirement("In", "red", "blue"), True, False),
        (requirement("In", "blue"), False, False),
        (requirement("NotIn", "red"), False, True),
        (requirement("Exists"), True, False),
        (requirement("DoesNotExist"), False, True),
        (requirement("Resembles", "red"), False, False),
        (LabelSelector(match_labels={"team": "red", "tier": "web"}), False, False),
    ],
)
def test_selectors(selector: LabelSelector, *, with_red: bool, without: bool) -> None:
    assert selects(selector, {"team": "red"}) is with_red
    assert selects(selector, {}) is without


def test_labels_and_expressions_must_both_hold() -> None:
    both = LabelSelector(match_labels={"team": "red"}, match_expressions=requirement("NotIn", "red").match_expressions)
    assert not selects(both, {"team": "red"})
