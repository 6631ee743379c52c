import json
from pathlib import Path

import pytest

from tests.unit.cli.command import Gatewayd
from tests.unit.example import SHOP
from tests.unit.translator import pem


def test_a_rule_takes_it(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("explain", shop, "--host", "shop.example", "--path", "/cart")

    assert ran.code == 0
    assert "HTTPRoute default/shop spec.rules[0].matches[0] takes it" in ran.out


def test_no_rule_takes_it(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("explain", shop, "--host", "shop.example", "--path", "/none")

    assert ran.code == 1
    assert "404: no rule matches" in ran.out


def test_the_request_is_put_together(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd(
        "explain", shop, "--host", "shop.example", "--path", "cart?a=1", "--method", "post", "-H", "env: canary",
        "--query", "b=2", "--query", "c=3", "-o", "json",
    )  # fmt: skip

    assert json.loads(ran.out)["request"] == {
        "scheme": "http",
        "method": "POST",
        "host": "shop.example",
        "target": "/cart?a=1&b=2&c=3",
        "headers": [{"name": "env", "value": "canary"}],
    }


def test_a_url_is_a_request(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("explain", shop, "http://shop.example:8080/cart?a=1")

    assert ran.code == 0
    assert ran.out.startswith("Gateway default/web, port 8080:")


@pytest.mark.parametrize("arguments", [(), ("http://a/", "--host", "b"), ("http://a/", "http://b/")])
def test_a_request_is_a_url_or_options(gatewayd: Gatewayd, shop: Path, arguments: tuple[str, ...]) -> None:
    ran = gatewayd("explain", shop, *arguments)

    assert (ran.code, "the request is one URL" in ran.err) == (1, True)


def test_plain_http_to_a_port_of_tls_is_told_so(gatewayd: Gatewayd, shop: Path) -> None:
    chain = pem.certificate_of(key := pem.ec_key())
    secret = pem.secret("cert", chain, pem.pem_of(key), "default").replace("\n        ", "\n")
    listener = (
        "{name: http, protocol: HTTPS, port: 8080, hostname: '*.example', tls: {certificateRefs: [{name: cert}]}}"
    )
    (shop / "shop.yaml").write_text(
        SHOP.replace("{name: http, protocol: HTTP, port: 8080}", listener) + "---\napiVersion: v1" + secret
    )

    ran = gatewayd("explain", shop, "http://shop.example:8080/cart")

    assert "the port speaks TLS only; ask with --https" in ran.out
    assert "hostname" not in ran.out
    assert gatewayd("explain", shop, "https://shop.example:8080/cart").code == 0


LEDGER = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: l4}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: tcp, protocol: TCP, port: 9000}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: ledger}
spec: {parentRefs: [{name: l4}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def test_a_layer_4_route_takes_the_connection(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "l4.yaml").write_text(LEDGER)

    ran = gatewayd("explain", shop, "--host", "shop.example", "--port", "9000")

    assert ran.code == 0
    assert "the connection is passed on by TCPRoute default/ledger" in ran.out


def test_grpc_is_a_post_of_its_content_type(gatewayd: Gatewayd, shop: Path) -> None:
    request = json.loads(gatewayd("explain", shop, "--host", "shop.example", "--grpc", "-o", "json").out)["request"]

    assert (request["method"], request["headers"]) == (
        "POST", [{"name": "content-type", "value": "application/grpc"}],
    )  # fmt: skip


def test_no_listener_is_for_it(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("explain", shop, "--host", "shop.example", "--https", "--port", "1")

    assert (ran.code, ran.err) == (1, "gatewayd: no listener of any Gateway is for https on port 1\n")


def test_a_header_without_a_value(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("explain", shop, "--host", "shop.example", "-H", "env")

    assert (ran.code, ran.err) == (1, "gatewayd: --header env: has no colon; NAME:VALUE is allowed\n")


FLOOR = """
apiVersion: gatewayd.io/v1alpha1
kind: AccessPolicy
metadata: {name: floor}
spec:
  targetRefs: [{group: "", kind: Namespace}]
  override: {clients: {deny: [{cidr: 203.0.113.0/24}]}}
"""


def test_a_client_that_may_not_come_in_is_told_by_its_address(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "floor.yaml").write_text(FLOOR, encoding="utf-8")
    asked = ("explain", shop, "--host", "shop.example", "--path", "/cart")

    denied = gatewayd(*asked, "--from", "203.0.113.9")
    assert "answers 403: 203.0.113.9 may not come in, by an AccessPolicy" in denied.out
    assert "under spec.override.clients" in denied.out
    assert "floor.yaml:7" in denied.out
    assert "answers 403" not in gatewayd(*asked, "--from", "192.0.2.1").out
    (policy,) = json.loads(gatewayd(*asked, "-o", "json").out)["answers"][0]["policies"]
    assert (policy["kind"], policy["name"], policy["field"]) == ("AccessPolicy", "floor", "spec.override.clients")
    assert gatewayd(*asked, "--from", "nobody").code != 0


def test_why_names_the_policies_of_a_route(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "floor.yaml").write_text(FLOOR, encoding="utf-8")
    assert "policy: spec.override.clients" in gatewayd("why", "httproute/shop", shop).out
