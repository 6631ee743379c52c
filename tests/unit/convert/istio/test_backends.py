from typing import Any

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects
from tests.unit.convert.istio_objects import SERVICE, gateway, istio, rule, virtual_service

V2 = {"name": "v2", "labels": {"version": "v2"}}
ROUND = {"loadBalancer": {"simple": "ROUND_ROBIN"}}


def destination_rule(name: str = "one", host: str = "one", **spec: Any) -> str:
    return istio("DestinationRule", name, {"host": host, **spec})


def to_subset() -> str:
    route = {"destination": {"host": "one", "subset": "v2", "port": {"number": 8080}}}
    return virtual_service(rule({"route": [route]}))


def test_a_subset_is_a_service_of_its_own() -> None:
    done = converted(gateway(), to_subset(), SERVICE, destination_rule(subsets=[V2]))
    assert objects(done, "Service")["shop/one-v2"]["spec"] == {
        "selector": {"app": "one", "version": "v2"},
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "targetPort": "web"}],
    }
    [found] = objects(done, "HTTPRoute")["shop/shop"]["spec"]["rules"]
    assert found["backendRefs"] == [{"name": "one-v2", "port": 8080}]


def test_a_subset_of_a_service_that_is_elsewhere_has_to_be_made() -> None:
    done = converted(gateway(), to_subset(), destination_rule(subsets=[V2]))
    assert fates(done)["spec.subsets[0]"] is Fidelity.MANUAL
    assert objects(done, "Service") == {}


def test_a_subset_has_what_it_says_in_place_of_what_all_have() -> None:
    own = {**V2, "trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 1}}}}
    done = converted(destination_rule(trafficPolicy=ROUND, subsets=[own]))
    policies = {name: each["spec"]["default"] for name, each in objects(done, "BackendPolicy").items()}
    shared = {"loadBalancing": {"type": "RoundRobin"}}
    assert policies == {"shop/one": shared, "shop/one-v2": {**shared, "limits": {"connections": 1}}}


def test_tls_to_backends_is_checked() -> None:
    tls = {"mode": "SIMPLE", "sni": "one.example", "caCertificates": "/etc/ca", "subjectAltNames": ["spiffe://a/b"]}
    done = converted(destination_rule(trafficPolicy={"tls": tls}, subsets=[V2]))
    policies = objects(done, "BackendTLSPolicy")
    assert set(policies) == {"shop/one", "shop/one-v2"}
    assert policies["shop/one"]["spec"]["validation"] == {
        "hostname": "one.example",
        "wellKnownCACertificates": "System",
        "subjectAltNames": [{"type": "URI", "uri": "spiffe://a/b"}],
    }
    assert fates(done)["spec.trafficPolicy.tls.caCertificates"] is Fidelity.MANUAL


def test_certificates_of_proxies_are_lost() -> None:
    mutual = {"mode": "MUTUAL", "clientCertificate": "/c", "privateKey": "/k", "insecureSkipVerify": True}
    told = fates(converted(destination_rule(trafficPolicy={"tls": mutual})))
    assert told["spec.trafficPolicy.tls.mode"] is told["spec.trafficPolicy.tls.privateKey"] is Fidelity.LOST
    assert told["spec.trafficPolicy.tls.insecureSkipVerify"] is Fidelity.MANUAL
    mesh = fates(converted(destination_rule(trafficPolicy={"tls": {"mode": "ISTIO_MUTUAL"}})))
    assert mesh["spec.trafficPolicy.tls.mode"] is Fidelity.LOST


def test_of_two_rules_for_a_service_one_counts() -> None:
    done = converted(destination_rule(trafficPolicy=ROUND), destination_rule("other", trafficPolicy=ROUND))
    assert fates(done)["spec.host"] is Fidelity.LOST
    assert list(objects(done, "BackendPolicy")) == ["shop/one"]
    assert fates(converted(destination_rule(host="*.example")))["spec.host"] is Fidelity.LOST
