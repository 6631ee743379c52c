from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects, rules
from tests.unit.convert.istio_objects import TO_TWO, gateway, istio, rule, uri, virtual_service


def of(*written: dict[str, Any], texts: tuple[str, ...] = (), **spec: Any) -> dict[str, Any]:
    return rules(converted(gateway(), virtual_service(*written, **spec), *texts))


def test_an_answer() -> None:
    done = converted(gateway(), virtual_service(rule({"directResponse": {"status": 200, "body": {"bytes": "b2s="}}})))
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [
        {"directResponse": {"status": 200, "body": "ok"}}
    ]


@pytest.mark.parametrize("body", [{"string": "x" * 5000}, {"bytes": "not base64!"}])
def test_an_answer_that_cannot_be_had_has_no_body(body: dict[str, str]) -> None:
    done = converted(gateway(), virtual_service(rule({"directResponse": {"status": 200, "body": body}})))
    assert [each["spec"]["directResponse"] for each in objects(done, "RouteFilter").values()] == [{"status": 200}]
    assert done.is_lossy


def test_names_of_rules() -> None:
    named = of({"name": "All of it", **rule(TO_TWO, **uri(exact="/x"))}, rule(**uri(prefix="/cart")))
    assert list(named) == ["all-of-it", "cart"]


def test_headers_of_the_only_destination_are_those_of_the_rule() -> None:
    route = {"destination": {"host": "one", "port": {"number": 80}}, "headers": {"request": {"set": {"x-b": "2"}}}}
    [done] = of(rule({"route": [route], "headers": {"request": {"set": {"x-a": "1"}}}})).values()
    assert done["filters"] == [
        {
            "type": "RequestHeaderModifier",
            "requestHeaderModifier": {"set": [{"name": "x-a", "value": "1"}, {"name": "x-b", "value": "2"}]},
        }
    ]


def test_headers_of_one_of_several_destinations_are_its_own() -> None:
    one, two = TO_TWO["route"][0], {**TO_TWO["route"][0], "headers": {"response": {"set": {"x-b": "2"}}}}
    [done] = of(rule({"route": [{**one, "weight": 1}, {**two, "weight": 1}]})).values()
    assert [len(each.get("filters", ())) for each in done["backendRefs"]] == [0, 1]


def test_a_host_that_is_set_as_a_header() -> None:
    [done] = of(rule({**TO_TWO, "headers": {"request": {"set": {"Host": "in.example"}}}})).values()
    assert done["filters"] == [{"type": "URLRewrite", "urlRewrite": {"hostname": "in.example"}}]


def delegate(*written: dict[str, Any]) -> str:
    return istio("VirtualService", "more", {"http": list(written)}, namespace="team")


LEAD = {"delegate": {"name": "more", "namespace": "team"}}


def test_rules_of_another_are_narrowed() -> None:
    more = delegate(rule(**uri(prefix="/api/v1")), rule(**uri(prefix="/other")), rule(TO_TWO))
    done = of(rule(LEAD, **uri(prefix="/api")), texts=(more,))
    assert {name: each["matches"][0]["path"]["value"] for name, each in done.items()} == {
        "api-v1": "/api/v1",
        "api": "/api",
    }
    assert done["api"]["backendRefs"] == [{"name": "two", "namespace": "team", "port": 80}]


def test_nobody_to_lead_on_to_is_told() -> None:
    done = converted(gateway(), virtual_service(rule(LEAD), rule()))
    assert fates(done)["spec.http[0].delegate"] is Fidelity.LOST


def test_a_lost_condition_of_who_leads_closes_too() -> None:
    more = delegate(rule())
    done = converted(gateway(), virtual_service(rule(LEAD, withoutHeaders={"a": {}})), more)
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]


def test_two_expressions_cannot_be_joined() -> None:
    done = converted(gateway(), virtual_service(rule(LEAD, **uri(regex="/a.b"))), delegate(rule(**uri(regex="/a+b"))))
    assert fates(done)["spec.http[0].match"] is Fidelity.LOST
