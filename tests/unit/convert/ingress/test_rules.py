import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, message, rules

PORT = "spec.rules[0].http.paths[0].backend.service.port.name"
SERVICE = (
    "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{name: w, port: 81}]}}"
)


def named(name: str) -> str:
    return ingress().replace("number: 80", f"name: {name}")


def test_a_name_that_the_service_has_not_answers_500() -> None:
    done = converted(SERVICE, named("x"))
    assert "backendRefs" not in rules(done)["root"]
    assert (fates(done)[PORT], "it has: w" in message(done, PORT)) == (Fidelity.LOST, True)


@pytest.mark.parametrize(("name", "port", "fate"), [("http", 80, Fidelity.MANUAL), ("https", 443, Fidelity.MANUAL)])
def test_a_name_that_everybody_has_is_assumed(name: str, port: int, fate: Fidelity) -> None:
    done = converted(named(name))
    assert rules(done)["root"]["backendRefs"] == [{"name": "web", "port": port}]
    assert fates(done)[PORT] is fate


def test_a_name_that_nobody_knows_is_lost() -> None:
    done = converted(named("grpc"))
    assert fates(done)[PORT] is Fidelity.LOST
    assert "backendRefs" not in rules(done)["root"]


def test_what_is_no_service_answers_500() -> None:
    text = ingress().replace(
        "service:\n            name: web\n            port:\n              number: 80",
        "resource: {kind: Bucket, name: b}",
    )
    assert "Bucket" in text
    done = converted(text)
    assert "backendRefs" not in rules(done)["root"]
    assert "leads to Bucket" in message(done, "spec.rules[0].http.paths[0].backend")


def test_a_closed_path_says_what_it_lacks() -> None:
    done = converted(ingress("shop", "/a", auth_url="https://login.example"))
    assert "auth-url" in message(done, "spec.rules[0].http.paths[0]")
    assert "backendRefs" not in rules(done)["a"]


def test_what_annotations_add_is_for_all_paths_of_an_ingress() -> None:
    done = converted(ingress("shop", "/a", "/b", enable_cors="true"), ingress("other", "/c"))
    assert [each["filters"][0]["type"] for each in rules(done).values()] == ["CORS", "CORS"]
    assert "filters" not in rules(done, "shop/other")["c"]


def test_rules_are_called_by_their_paths() -> None:
    assert list(rules(converted(ingress("shop", "/", "/A b/c", f"/{'x' * 60}")))) == ["x" * 40, "a-b-c", "root"]
