import pytest

from gatewayd.api.selectors import BadSelectorError, LabelSelector, LabelSelectorRequirement, read_selector
from tests.unit.api.documents import accepted, gateway, listener


def test_a_selector_of_namespaces() -> None:
    selector = {"matchLabels": {"team": "a"}, "matchExpressions": [{"key": "env", "operator": "In", "values": ["x"]}]}
    allowed = {"namespaces": {"from": "Selector", "selector": selector}}
    made = accepted(gateway(listeners=[listener(allowedRoutes=allowed)]))
    assert made.spec.listeners[0].allowed_routes.namespaces.selector == LabelSelector(
        match_labels={"team": "a"},
        match_expressions=(LabelSelectorRequirement(key="env", operator="In", values=("x",)),),
    )


def term(key: str, operator: str, *values: str) -> LabelSelectorRequirement:
    return LabelSelectorRequirement(key=key, operator=operator, values=values)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("team=red", (term("team", "In", "red"),)),
        (" team == red , !old ", (term("team", "In", "red"), term("old", "DoesNotExist"))),
        ("a.b/team!=red,edge", (term("a.b/team", "NotIn", "red"), term("edge", "Exists"))),
        ("env in (dev, test),env notin (x)", (term("env", "In", "dev", "test"), term("env", "NotIn", "x"))),
        ("empty=", (term("empty", "In", ""),)),
    ],
)
def test_a_text_is_read_as_kubectl_reads_it(text: str, terms: tuple[LabelSelectorRequirement, ...]) -> None:
    assert read_selector(text) == LabelSelector(match_expressions=terms)


@pytest.mark.parametrize("text", ["=red", "a b", "a in dev", "!a=b", "a=b;c", "in (a", "-a", "a/b/c", ",", "é"])
def test_what_is_no_selector_is_said(text: str) -> None:
    with pytest.raises(BadSelectorError, match="is no label selector; allowed: such as team=red"):
        read_selector(text)
