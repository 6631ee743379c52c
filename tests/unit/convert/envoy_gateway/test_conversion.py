from typing import Any

import yaml

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects

ROUTE = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "shop"}
GATEWAY = {**ROUTE, "kind": "Gateway", "name": "edge"}
ALLOWED = {"defaultAction": "Deny", "rules": [{"action": "Allow", "principal": {"clientCIDRs": ["10.0.0.0/8"]}}]}


def theirs(kind: str, *refs: dict[str, str], name: str = "a", **spec: Any) -> str:
    own = {**({"targetRefs": list(refs)} if refs else {}), **spec}
    metadata = {"name": name, "namespace": "shop"}
    document = {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": own}
    return yaml.safe_dump(document, sort_keys=False)


def test_who_may_come_in() -> None:
    done = converted(theirs("SecurityPolicy", ROUTE, authorization=ALLOWED))
    assert objects(done, "AccessPolicy")["shop/a"]["spec"] == {
        "targetRefs": [ROUTE],
        "default": {"clients": {"allow": [{"cidr": "10.0.0.0/8"}]}},
    }
    assert not done.is_lossy


def test_what_cannot_be_had_closes_what_it_is_for() -> None:
    text = theirs("SecurityPolicy", ROUTE, authorization=ALLOWED, wishes={})
    done = converted(text)
    assert objects(done, "AccessPolicy")["shop/a"]["spec"]["default"] == {
        "clients": {"deny": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]}
    }
    assert any(item.protects and item.fidelity is Fidelity.LOST for item in done.items)
    opened = objects(converted(text, open_all=True), "AccessPolicy")
    assert all("deny" not in each["spec"]["default"].get("clients", {}) for each in opened.values())


def test_a_policy_that_names_nothing_is_told() -> None:
    told = fates(converted(theirs("SecurityPolicy", authorization=ALLOWED)))
    assert told["spec.targetRefs"] is Fidelity.LOST


def test_what_happens_on_the_way_and_to_backends() -> None:
    text = theirs(
        "BackendTrafficPolicy", GATEWAY, timeout={"http": {"requestTimeout": "5s"}}, loadBalancer={"type": "Random"}
    )
    done = converted(text)
    assert objects(done, "RoutePolicy")["shop/a"]["spec"]["default"] == {"timeouts": {"request": "5s"}}
    assert objects(done, "BackendPolicy")["shop/a"]["spec"]["default"] == {"loadBalancing": {"type": "Random"}}


def test_what_is_merged_is_told() -> None:
    told = fates(converted(theirs("SecurityPolicy", ROUTE, mergeType="JSONMerge", authorization=ALLOWED)))
    assert told["spec.mergeType"] is told["spec"] is Fidelity.APPROXIMATE


def test_how_clients_may_speak() -> None:
    done = converted(theirs("ClientTrafficPolicy", GATEWAY, connection={"connectionLimit": {"value": 5}}))
    assert objects(done, "ClientPolicy")["shop/a"]["spec"]["default"] == {"connections": {"max": 5}}


def test_filters() -> None:
    answer = {"statusCode": 418, "body": {"type": "Inline", "inline": "tea"}}
    done = converted(theirs("HTTPRouteFilter", directResponse=answer))
    assert objects(done, "RouteFilter")["shop/a"]["spec"] == {"directResponse": {"status": 418, "body": "tea"}}
    assert fates(done)["metadata.name"] is Fidelity.MANUAL
    assert converted(theirs("HTTPRouteFilter", nobody={})).objects == ()


def test_other_kinds_are_lost() -> None:
    assert fates(converted(theirs("EnvoyPatchPolicy")))["spec"] is Fidelity.LOST
    assert fates(converted(theirs("Backend")))["spec"] is Fidelity.LOST
