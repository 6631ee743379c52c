from typing import Any

import pytest

from gatewayd.convert.contour.backends import sections
from gatewayd.convert.fates import Fidelity
from gatewayd.convert.fields import Fields
from tests.unit.convert.http_proxies import at, root
from tests.unit.convert.ingresses import converted, fates, objects, rules


def refs(*services: dict[str, Any]) -> Any:
    [found] = rules(converted(root(at({"services": [{"port": 80, **each} for each in services]})))).values()
    return found["backendRefs"], found.get("filters", [])


def test_weights() -> None:
    own, _ = refs({"name": "one", "weight": 90}, {"name": "two"})
    assert [each["weight"] for each in own] == [90, 0]
    own, _ = refs({"name": "one"}, {"name": "two"})
    assert [each.get("weight") for each in own] == [None, None]
    assert refs({"name": "one", "weight": 5})[0] == [{"name": "one", "port": 80}]


def test_copies() -> None:
    own, [mirror] = refs({"name": "one"}, {"name": "copy", "mirror": True, "weight": 20})
    assert own == [{"name": "one", "port": 80}]
    assert mirror["requestMirror"] == {"backendRef": {"name": "copy", "port": 80}, "percent": 20}


def test_headers_of_a_service() -> None:
    [own], _ = refs({"name": "one", "requestHeadersPolicy": {"set": [{"name": "x", "value": "1"}]}})
    assert own["filters"][0]["requestHeaderModifier"] == {"set": [{"name": "x", "value": "1"}]}


def test_what_backends_speak() -> None:
    service = {
        "name": "one",
        "port": 80,
        "protocol": "tls",
        "validation": {"caSecret": "ca", "subjectName": "one.test"},
    }
    done = converted(root(at({"services": [service]})))
    assert objects(done, "BackendTLSPolicy")["shop/one"]["spec"]["validation"]["hostname"] == "one.test"
    assert fates(done)["spec.routes[0].services[0].validation.caSecret"] is Fidelity.MANUAL
    told = fates(converted(root(at({"services": [{"name": "one", "port": 80, "protocol": "h2c"}]}))))
    assert told["spec.routes[0].services[0].protocol"] is Fidelity.MANUAL


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"strategy": "Random"}, {"type": "Random"}),
        (
            {"strategy": "Cookie"},
            {"type": "RingHash", "hashOn": [{"type": "Cookie", "name": "X-Contour-Session-Affinity", "ttl": "0s"}]},
        ),
        (
            {"strategy": "RequestHash", "requestHashPolicies": [{"headerHashOptions": {"headerName": "x"}}]},
            {"type": "RingHash", "hashOn": [{"type": "Header", "name": "x"}]},
        ),
        (
            {"strategy": "RequestHash", "requestHashPolicies": [{"hashSourceIP": True}]},
            {"type": "RingHash", "hashOn": [{"type": "Address"}]},
        ),
    ],
)
def test_load_balancing(policy: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sections(Fields({"loadBalancerPolicy": policy}, "", [])) == {"loadBalancing": expected}


def test_health_and_connections() -> None:
    health = {
        "path": "/ok", "host": "ok.test", "intervalSeconds": 5, "timeoutSeconds": 2,
        "unhealthyThresholdCount": 3, "healthyThresholdCount": 1, "expectedStatuses": [{"start": 200, "end": 202}],
    }  # fmt: skip
    route = {"healthCheckPolicy": health, "timeoutPolicy": {"idleConnection": "60s"}}
    assert sections(Fields(route, "", [])) == {
        "activeHealth": {
            "http": {"path": "/ok", "host": "ok.test", "statuses": [200, 201]},
            "interval": "5s", "timeout": "2s", "unhealthyAfter": 3, "healthyAfter": 1,
        },
        "connection": {"idleTimeout": "1m"},
    }  # fmt: skip


def test_of_two_routes_the_first_counts_for_a_service() -> None:
    random = {"loadBalancerPolicy": {"strategy": "Random"}}
    other = {"loadBalancerPolicy": {"strategy": "RoundRobin"}}
    done = converted(root(at(None, {"exact": "/a"}, **random), at(None, {"exact": "/b"}, **other)))
    assert objects(done, "BackendPolicy")["shop/one"]["spec"]["default"] == {"loadBalancing": {"type": "Random"}}
    assert fates(done)["spec.routes[1]"] is Fidelity.LOST
