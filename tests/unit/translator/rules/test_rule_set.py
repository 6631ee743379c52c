from gatewayd.ir.http import DirectResponse, PrefixPath, RequestMatch, Route, RuleRef
from gatewayd.translator.problems import Unresolved, Unsupported
from gatewayd.translator.rules.rule_set import NO_RULES, Ranked, RuleResult, fold

MATCH = RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False)


def ranked(rule: int) -> Ranked:
    source = RuleRef(kind="HTTPRoute", namespace="shop", name="r", rule=rule, match=0)
    action = DirectResponse(status=500)
    return Ranked((1, 1), Route(source=source, rule_name="", match=MATCH, action=action, filters=()))


def test_good_rules_add_up_to_their_routes() -> None:
    found = fold([RuleResult((ranked(0),), ()), RuleResult((ranked(1),), ())])
    assert found.routes == (ranked(0), ranked(1))
    assert (found.refusal, found.unresolved, found.partial) == (None, None, None)


def test_no_rules_are_no_refusal() -> None:
    assert fold([]) == NO_RULES


def test_a_route_of_which_some_rules_work_is_partially_invalid() -> None:
    found = fold([RuleResult((ranked(0),), ()), RuleResult((ranked(1),), (Unsupported("spec.rules[1]: no"),))])
    assert found.refusal is None
    assert found.partial is not None
    assert (found.partial.type, found.partial.status, found.partial.reason) == (
        "PartiallyInvalid",
        True,
        "UnsupportedValue",
    )
    assert found.partial.message == "Dropped Rule: spec.rules[1]: no"
    assert len(found.routes) == 2


def test_a_route_of_which_no_rule_works_is_refused() -> None:
    found = fold([RuleResult((ranked(0),), (Unsupported("a"),)), RuleResult((), (Unsupported("b"),))])
    assert found.refusal is not None
    assert (found.refusal.type, found.refusal.reason, found.refusal.message) == ("Accepted", "UnsupportedValue", "a; b")
    assert found.partial is None


def test_broken_references_refuse_nothing() -> None:
    found = fold([RuleResult((ranked(0),), (Unresolved("BackendNotFound", "x"),))])
    assert found.refusal is None
    assert found.unresolved is not None
