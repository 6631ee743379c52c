from typing import Any

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.http_proxies import at, root
from tests.unit.convert.ingresses import converted, fates, objects

PASSING = {"tls": {"passthrough": True}}
ENDING = {"tls": {"secretName": "cert"}}
TO_ONE: dict[str, Any] = {"services": [{"name": "one", "port": 443}]}


def test_tls_that_passes_through_is_a_tlsroute() -> None:
    done = converted(root(host=PASSING, tcpproxy=TO_ONE))
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert (listener["protocol"], listener["tls"]) == ("TLS", {"mode": "Passthrough"})
    spec = objects(done, "TLSRoute")["shop/shop-tls"]["spec"]
    assert (spec["hostnames"], spec["rules"]) == (
        ["shop.example"],
        [{"backendRefs": [{"name": "one", "port": 443}]}],
    )


def test_tls_that_ends_leads_the_rest_on_and_requests_by_http_are_sent_to_tls() -> None:
    done = converted(root(at(), at(None, {"prefix": "/open"}, permitInsecure=True), host=ENDING, tcpproxy=TO_ONE))
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert listener["tls"] == {"mode": "Terminate", "certificateRefs": [{"name": "cert"}]}
    assert set(objects(done, "HTTPRoute")) == {"shop/shop-by-http", "shop/shop-to-https"}


def test_weights_and_what_is_lost() -> None:
    services = [{"name": "one", "port": 1, "weight": 9}, {"name": "two", "port": 1, "weight": 1}]
    done = converted(root(host=PASSING, tcpproxy={"services": services, "healthCheckPolicy": {"intervalSeconds": 1}}))
    [rule] = objects(done, "TLSRoute")["shop/shop-tls"]["spec"]["rules"]
    assert [each["weight"] for each in rule["backendRefs"]] == [9, 1]
    assert fates(done)["spec.tcpproxy.healthCheckPolicy"] is Fidelity.LOST


def test_what_has_kept_clients_out_keeps_a_stream_closed() -> None:
    asking = {"tls": {"secretName": "cert", "clientValidation": {"caSecret": "ca"}}}
    assert objects(converted(root(host=asking, tcpproxy=TO_ONE)), "TLSRoute") == {}
    assert objects(converted(root(host=asking, tcpproxy=TO_ONE), open_all=True), "TLSRoute") != {}
