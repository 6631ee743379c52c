from typing import Any

import yaml

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects

GROUP = "gateway.networking.k8s.io"
ALLOWED = {"defaultAction": "Deny", "rules": [{"action": "Allow", "principal": {"clientCIDRs": ["10.0.0.0/8"]}}]}


def route(name: str, namespace: str = "shop", **labels: str) -> str:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return yaml.safe_dump({"apiVersion": f"{GROUP}/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": {}})


def policy(**selector: Any) -> str:
    spec = {"targetSelectors": [{"kind": "HTTPRoute", **selector}], "authorization": ALLOWED}
    metadata = {"name": "a", "namespace": "shop"}
    document = {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "SecurityPolicy", "metadata": metadata}
    return yaml.safe_dump({**document, "spec": spec})


def test_what_is_chosen_by_labels_is_named() -> None:
    routes = route("shop", team="a"), route("cart", team="b"), route("far", "other", team="a")
    done = converted(policy(matchLabels={"team": "a"}), *routes)
    assert objects(done, "AccessPolicy")["shop/a"]["spec"] == {
        "targetRefs": [{"group": GROUP, "kind": "HTTPRoute", "name": "shop"}],
        "default": {"clients": {"allow": [{"cidr": "10.0.0.0/8"}]}},
    }
    assert fates(done)["spec.targetSelectors"] is Fidelity.APPROXIMATE


def test_expressions_choose_too() -> None:
    some = policy(matchExpressions=[{"key": "team", "operator": "In", "values": ["b"]}])
    assert list(objects(converted(some, route("cart", team="b")), "AccessPolicy")) == ["shop/a"]


def test_what_chooses_nothing_is_told() -> None:
    done = converted(policy(matchLabels={"team": "a"}), route("cart", team="b"))
    assert objects(done, "AccessPolicy") == {}
    assert fates(done) == {"spec.targetSelectors": Fidelity.LOST}
