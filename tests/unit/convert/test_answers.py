import pytest

from gatewayd.convert.answers import NOBODY, answer, answering, closed
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields


def test_rules_that_answer() -> None:
    rule = answering("a", ({"path": {"value": "/a"}},), 403)
    assert (rule.title, rule.backends, rule.own_filter) == ("a", (), {"directResponse": {"status": 403}})
    assert (NOBODY.matches, NOBODY.own_filter) == (({},), {"directResponse": {"status": 404}})


def test_what_is_closed_names_each_field_once() -> None:
    fate = closed("spec.routes[0]", ("spec.a", "spec.b", "spec.a"))
    assert (fate.path, fate.fidelity) == ("spec.routes[0]", Fidelity.LOST)
    assert fate.message == "answers 403, since spec.a, spec.b cannot be had; --allow-unprotected opens it"


@pytest.mark.parametrize(("body", "kept"), [("", {}), ("a" * 4096, {"body": "a" * 4096}), ("a" * 4097, {})])
def test_a_body_that_is_too_long_is_told(body: str, kept: dict[str, str]) -> None:
    fates: list[Fate] = []
    written = Fields({"body": body}, "spec", fates)
    assert answer(written, "body", 503, body) == {"directResponse": {"status": 503, **kept}}
    assert [each.path for each in fates] == (["spec.body"] if len(body) > 4096 else [])
