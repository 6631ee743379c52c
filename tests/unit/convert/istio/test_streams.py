from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects
from tests.unit.convert.istio_objects import gateway, istio, virtual_service

PASSING = {"mode": "PASSTHROUGH"}
ENDING = {"mode": "SIMPLE", "credentialName": "cert"}


def to(host: str, port: int = 443, weight: int = 0) -> dict[str, Any]:
    return {"destination": {"host": host, "port": {"number": port}}, **({"weight": weight} if weight else {})}


def streams(kind: str, *rules: dict[str, Any], hosts: tuple[str, ...] = ("shop.example",)) -> str:
    return istio("VirtualService", "shop", {"hosts": list(hosts), "gateways": ["web"], kind: list(rules)})


def passing(*names: str, **match: Any) -> dict[str, Any]:
    return {"match": [{"sniHosts": list(names), **match}], "route": [to("one")]}


def test_tls_that_passes_through_is_a_tlsroute() -> None:
    done = converted(gateway(tls=PASSING), streams("tls", passing("shop.example")))
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert listener == {
        "name": "tls-https-shop-example",
        "hostname": "shop.example",
        "port": 443,
        "protocol": "TLS",
        "tls": {"mode": "Passthrough"},
    }
    spec = objects(done, "TLSRoute")["shop/shop-tls"]["spec"]
    assert spec["hostnames"] == ["shop.example"]
    assert (spec["parentRefs"][0]["name"], spec["parentRefs"][0]["sectionName"]) == ("edge", listener["name"])
    assert spec["rules"] == [{"backendRefs": [{"name": "one", "port": 443}]}]
    assert not done.is_lossy


def test_weights_and_other_namespaces() -> None:
    rule = {"match": [{"sniHosts": ["shop.example"]}], "route": [to("one", weight=90), to("two.team.svc", weight=10)]}
    rule["route"][1]["destination"]["host"] = "two.team.svc.cluster.local"
    done = converted(gateway(tls=PASSING), streams("tls", rule))
    [written] = objects(done, "TLSRoute")["shop/shop-tls"]["spec"]["rules"]
    assert [(each["name"], each["weight"]) for each in written["backendRefs"]] == [("one", 90), ("two", 10)]
    [grant] = objects(done, "ReferenceGrant").values()
    assert grant["spec"]["from"][0]["kind"] == "TLSRoute"


def test_the_first_rule_of_a_name_has_it() -> None:
    rules = (passing("a.example"), passing("a.example", "b.example"))
    done = converted(gateway("*.example", tls=PASSING), streams("tls", *rules, hosts=("*.example",)))
    found = objects(done, "TLSRoute")
    assert [each["spec"]["hostnames"] for each in found.values()] == [["a.example"], ["b.example"]]


def test_tcp_goes_by_its_port() -> None:
    done = converted(
        gateway("*", protocol="TCP", port=9000),
        streams("tcp", {"match": [{"port": 8000}], "route": [to("two")]}, {"route": [to("one", 9000)]}, hosts=("*",)),
    )
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert (listener["name"], listener["port"], listener["protocol"]) == ("tcp-9000", 9000, "TCP")
    [route] = objects(done, "TCPRoute").values()
    assert route["spec"]["rules"] == [{"backendRefs": [{"name": "one", "port": 9000}]}]
    assert fates(done)["spec.tcp[0]"] is Fidelity.LOST


def test_tls_that_ends_leads_tcp_on() -> None:
    done = converted(gateway(tls=ENDING, protocol="TLS", port=8443), streams("tcp", {"route": [to("one", 80)]}))
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert (listener["port"], listener["protocol"]) == (8443, "TLS")
    assert listener["tls"] == {"mode": "Terminate", "certificateRefs": [{"name": "cert"}]}
    assert objects(done, "TLSRoute")["shop/shop-tcp"]["spec"]["hostnames"] == ["shop.example"]


@pytest.mark.parametrize(
    ("server", "rule"),
    [
        (gateway(tls=PASSING), passing("shop.example", sourceLabels={"app": "a"})),
        (gateway(tls=PASSING), passing("shop.example", destinationSubnets=["10.0.0.0/8"])),
    ],
)
def test_what_has_kept_somebody_out_and_is_lost_is_not_written(server: str, rule: dict[str, Any]) -> None:
    assert objects(converted(server, streams("tls", rule)), "TLSRoute") == {}
    assert objects(converted(server, streams("tls", rule), open_all=True), "TLSRoute") != {}


def test_certificates_of_clients_keep_a_stream_closed() -> None:
    asking = gateway(tls={**ENDING, "mode": "MUTUAL"}, protocol="TLS", port=8443)
    rule = streams("tcp", {"route": [to("one", 80)]})
    assert objects(converted(asking, rule), "TLSRoute") == {}
    assert objects(converted(asking, rule, open_all=True), "TLSRoute") != {}


def test_a_wall_closes_streams_too() -> None:
    wall = istio("AuthorizationPolicy", "deny", {}).replace("networking.istio.io", "security.istio.io")
    done = converted(wall, gateway(tls=PASSING), streams("tls", passing("shop.example")))
    assert objects(done, "TLSRoute") == {}
    assert fates(done)["spec.tls[0]"] is Fidelity.LOST


def test_requests_and_connections_beside_each_other() -> None:
    done = converted(
        gateway(),
        gateway(name="tls", tls=PASSING),
        virtual_service(tls=[passing("shop.example")], gateways=["web", "tls"]),
    )
    assert list(objects(done, "HTTPRoute")) == ["shop/shop"]
    assert list(objects(done, "TLSRoute")) == ["shop/shop-tls"]
