import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, message, objects
from tests.unit.convert.old_api import gateway, old, route

EXACT, NEARLY, MANUAL, LOST = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.MANUAL, Fidelity.LOST
V1ALPHA2 = "gateway.networking.k8s.io/v1alpha2"
RULES = {"parentRefs": [{"name": "web"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}


def test_versions_are_those_that_stay() -> None:
    done = converted(gateway(), route())
    assert {each["apiVersion"] for each in done.objects} == {"gateway.networking.k8s.io/v1"}
    assert objects(done, "Gateway")["shop/web"]["spec"]["gatewayClassName"] == "gatewayd"
    assert not done.is_lossy


def test_a_later_version_keeps_its_parents() -> None:
    done = converted(old("HTTPRoute", "shop", RULES, version=V1ALPHA2))
    assert objects(done, "HTTPRoute")["shop/shop"]["spec"] == RULES


def test_what_is_current_is_left_alone() -> None:
    assert converted(old("HTTPRoute", "shop", RULES, version="gateway.networking.k8s.io/v1")).objects == ()


def test_old_fields_in_a_new_version_are_converted() -> None:
    spec = {"parentRefs": [{"name": "web"}], "rules": [{"forwardTo": [{"serviceName": "web", "port": 80}]}]}
    done = converted(old("HTTPRoute", "shop", spec, version="gateway.networking.k8s.io/v1"))
    assert objects(done, "HTTPRoute")["shop/shop"]["spec"] == RULES


GRANT = {
    "from": [{"group": "networking.x-k8s.io", "kind": "HTTPRoute", "namespace": "a"}],
    "to": [{"group": "", "kind": "Service"}],
}


@pytest.mark.parametrize("kind", ["ReferencePolicy", "ReferenceGrant"])
def test_grants(kind: str) -> None:
    done = converted(old(kind, "a", GRANT, version=V1ALPHA2))
    assert objects(done, "ReferenceGrant")["shop/a"]["spec"]["from"][0]["group"] == "gateway.networking.k8s.io"


def test_a_group_that_nobody_serves_is_explained() -> None:
    done = converted(old("ReferenceGrant", "a", GRANT, version="networking.gateway.k8s.io/v1beta1"))
    assert fates(done)["apiVersion"] is NEARLY
    assert "no API server has such a ReferenceGrant" in message(done, "apiVersion")
    assert list(objects(done, "ReferenceGrant")) == ["shop/a"]


def test_no_version_at_all_is_explained() -> None:
    text = old("ReferenceGrant", "a", GRANT).replace("apiVersion: networking.x-k8s.io/v1alpha1\n", "")
    assert message(converted(text), "apiVersion").startswith("no apiVersion: ")


def test_classes_and_policies_of_old_have_no_place() -> None:
    done = converted(old("GatewayClass", "gke", {"controller": "a/b"}), old("BackendPolicy", "p", {}))
    assert done.objects == ()
    assert [item.fidelity for item in done.items if item.path == "spec"] == [NEARLY, LOST]


def test_a_route_that_no_listener_takes_is_told() -> None:
    assert fates(converted(route()))["metadata.labels"] is MANUAL


def test_certificates_of_routes_are_lost() -> None:
    done = converted(
        gateway({"tls": {"certificateRef": {"name": "a"}, "routeOverride": {"certificate": "Allow"}}}),
        route(tls={"certificateRef": {"name": "b"}}),
    )
    told = fates(done)
    assert (told["spec.tls"], told["spec.listeners[0].tls.routeOverride"]) == (LOST, LOST)


V1 = "gateway.networking.k8s.io/v1"


@pytest.mark.parametrize(
    "changed",
    [
        {"backendRefs": [{"serviceName": "web", "servicePort": 80}]},
        {"forwardTo": [{"serviceName": "web", "port": 80}]},
        {"backendRefs": [{"name": "web", "port": 80}], "matches": [{"path": {"type": "Prefix", "value": "/"}}]},
        {"backendRefs": [{"name": "web", "port": 80}], "matches": [{"headers": {"values": {"a": "b"}}}]},
    ],
)
def test_rules_of_guides_in_a_new_version_are_converted(changed: dict[str, object]) -> None:
    spec = {"parentRefs": [{"name": "web"}], "rules": [changed]}
    done = converted(old("HTTPRoute", "shop", spec, version=V1))
    [rule] = objects(done, "HTTPRoute")["shop/shop"]["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": "web", "port": 80}]
    assert not done.is_lossy


def test_listeners_of_guides_that_choose_routes_in_a_new_version_are_converted() -> None:
    listener = {"name": "in", "protocol": "HTTP", "port": 80, "routes": {"selector": {"matchLabels": {"a": "b"}}}}
    gateway_of_today = old("Gateway", "web", {"gatewayClassName": "x", "listeners": [listener]}, version=V1)
    done = converted(gateway_of_today, route(labels={"a": "b"}))
    listeners = objects(done, "Gateway")["shop/web"]["spec"]["listeners"]
    assert listeners == [{"name": "in", "protocol": "HTTP", "port": 80}]
    assert objects(done, "HTTPRoute")["shop/shop"]["spec"]["parentRefs"] == [{"name": "web"}]


def test_a_parent_of_a_group_that_nobody_serves_is_put_right_and_told() -> None:
    ref = {"name": "web", "kind": "Gateway", "group": "networking.gateway.k8s.io"}
    done = converted(old("HTTPRoute", "shop", {**RULES, "parentRefs": [ref]}, version="networking.gateway.k8s.io/v1"))
    [parent] = objects(done, "HTTPRoute")["shop/shop"]["spec"]["parentRefs"]
    assert parent["group"] == "gateway.networking.k8s.io"
    assert fates(done)["spec.parentRefs[0].group"] is NEARLY


def test_policies_for_backends_of_older_versions() -> None:
    first = {
        "targetRef": {"group": "core", "kind": "Service", "name": "web", "namespace": "shop"},
        "tls": {"hostname": "web.test", "caCertRefs": [{"group": "core", "kind": "ConfigMap", "name": "ca"}]},
    }
    second = {
        "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
        "validation": {"hostname": "web.test", "wellKnownCACertificates": "System"},
    }
    done = converted(
        old("BackendTLSPolicy", "first", first, version=V1ALPHA2),
        old("BackendTLSPolicy", "second", second, version="gateway.networking.k8s.io/v1alpha3"),
    )
    written = objects(done, "BackendTLSPolicy")
    assert written["shop/first"]["spec"] == {
        "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
        "validation": {"hostname": "web.test", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]},
    }
    assert written["shop/second"]["spec"] == second
    assert not done.is_lossy
