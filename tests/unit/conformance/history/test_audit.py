import json
from typing import Any

from conformance.history.audit import writes

ACCOUNT = "system:serviceaccount:gatewayd-system:gatewayd"


def entry(**more: Any) -> str:
    return json.dumps(
        {
            "stage": "ResponseComplete",
            "verb": "patch",
            "user": {"username": ACCOUNT, "extra": {"authentication.kubernetes.io/pod-name": ["gatewayd-x"]}},
            "objectRef": {"resource": "gateways", "subresource": "status", "namespace": "shop", "name": "a"},
            "responseStatus": {"code": 200},
            "requestReceivedTimestamp": "2026-11-29T12:00:00.500000Z",
            "stageTimestamp": "2026-11-29T12:00:01.000000Z",
            "responseObject": {
                "kind": "Gateway",
                "metadata": {"name": "a", "generation": 3, "managedFields": [{}], "uid": "u"},
                "spec": {"listeners": [], "gatewayClassName": "gatewayd"},
                "status": {"conditions": []},
            },
            **more,
        }
    )


def test_a_write_of_a_replica_is_its_pods() -> None:
    (found,) = writes([entry()], ACCOUNT)
    assert (found.who, found.verb, found.subject, found.code) == (
        "replica gatewayd-x",
        "patch",
        "gateways/status shop/a",
        200,
    )
    assert found.at - found.began == 0.5
    assert found.body == {
        "metadata": {"name": "a", "generation": 3},
        "spec": {"listeners": []},
        "status": {"conditions": []},
    }


def test_a_write_of_somebody_else_is_the_users() -> None:
    (found,) = writes([entry(user={"username": "admin"})], ACCOUNT)
    assert found.who == "admin"


def test_what_was_made_has_the_name_that_it_was_given() -> None:
    (found,) = writes([entry(verb="create", objectRef={"resource": "gateways", "namespace": "shop"})], ACCOUNT)
    assert found.subject == "gateways shop/a"


def test_reading_and_what_goes_on_is_no_write() -> None:
    assert [*writes([entry(verb="list"), entry(stage="ResponseStarted")], ACCOUNT)] == []


def test_what_was_refused_has_no_body() -> None:
    (found,) = writes([entry(responseStatus={"code": 409}, responseObject={"kind": "Status"})], ACCOUNT)
    assert (found.code, found.body) == (409, {})
