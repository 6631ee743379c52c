from gatewayd.explain.request import Sent
from gatewayd.introspection.published import ResourceChoice
from tests.unit.introspection.answering import ROUTE, run_answers


def sent(host: str = "shop.example") -> Sent:
    return Sent(scheme="http", method="GET", host=host, target="/", headers=())


def test_a_request_that_a_rule_takes() -> None:
    explanation = run_answers(ROUTE).explain(sent(), 80)

    assert explanation.is_taken
    assert "HTTPRoute shop/it spec.rules[0].matches[0] takes it" in explanation.lines[1]
    assert explanation.shape["answers"][0]["result"] == "rule"
    assert explanation.where == "./gateway"


def test_a_request_that_none_takes() -> None:
    assert not run_answers().explain(sent(), 80).is_taken
    assert run_answers().explain(sent(), 81).lines == ()


async def test_resources_come_as_they_were_when_it_began() -> None:
    answers = run_answers(ROUTE)
    resources = [each async for some in answers.config(ResourceChoice()) for each in some]

    assert {each.gateway for each in resources} == {"shop/gw"}
    assert [each.name for each in resources if each.type == "LDS"] == ["tcp-80"]
