from pathlib import Path

import pytest

from gatewayd.api.core import ServicePort
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.backend import Protocol
from gatewayd.translator.backends.app_protocols import APP_PROTOCOLS, Spoken, Unspoken, app_protocols, needs_tls, spoken
from tests.unit.translator.manifests import CART, scratch

PAGE = Path(__file__).parents[4] / "docs" / "operations.md"
KEY = ObjectKey("shop", "cart")


@pytest.mark.parametrize(
    ("value", "protocol", "under_tls"),
    [
        ("", Protocol.HTTP1, False),
        ("http", Protocol.HTTP1, False),
        ("HTTP", Protocol.HTTP1, False),
        ("tcp", Protocol.HTTP1, False),
        ("kubernetes.io/ws", Protocol.HTTP1, False),
        ("kubernetes.io/h2c", Protocol.HTTP2, False),
        ("h2c", Protocol.HTTP2, False),
        ("http2", Protocol.HTTP2, False),
        ("grpc", Protocol.HTTP2, False),
        ("https", Protocol.HTTP1, True),
        ("HTTPS", Protocol.HTTP1, True),
        ("tls", Protocol.HTTP1, True),
        ("kubernetes.io/wss", Protocol.HTTP1, True),
        ("h2", Protocol.HTTP2, True),
    ],
)
def test_what_is_spoken_for_an_httproute(value: str, protocol: Protocol, under_tls: bool) -> None:  # noqa: FBT001
    found = spoken(value, Protocol.HTTP1)
    assert isinstance(found, Spoken)
    assert (found.protocol, found.under_tls) == (protocol, under_tls)


@pytest.mark.parametrize("value", ["mysql", "example.com/odd", "kubernetes.io/h2"])
def test_what_is_not_known(value: str) -> None:
    found = spoken(value, Protocol.HTTP1)
    assert isinstance(found, Unspoken)
    assert found.message.startswith(f"appProtocol {value} is not HTTP, as far as is known; allowed: http, tcp, ")


def test_grpc_goes_over_http2_or_not_at_all() -> None:
    for value in APP_PROTOCOLS:
        found = spoken(value, Protocol.HTTP2)
        if isinstance(found, Spoken):
            assert found.protocol is Protocol.HTTP2
    assert spoken("kubernetes.io/ws", Protocol.HTTP2) == Unspoken(
        "appProtocol kubernetes.io/ws is HTTP/1.1, which carries no gRPC; allowed: http, tcp, h2c, kubernetes.io/h2c, "
        "http2, grpc, https, tls, ssl, h2, grpcs"
    )


@pytest.mark.parametrize("wants", [Protocol.TCP, Protocol.UDP])
def test_layer_4_does_not_ask(wants: Protocol) -> None:
    assert spoken("mysql", wants) == Spoken(wants, under_tls=False, carries_grpc=True)


def test_what_is_needed_is_said() -> None:
    assert needs_tls("https").message == (
        "appProtocol https is spoken under TLS; a BackendTLSPolicy for the port is needed"
    )


def test_slices_are_asked_where_the_service_says_nothing() -> None:
    view = scratch(CART.replace("{name: web, port: 8080}", "{name: web, port: 8080, appProtocol: http2}"))
    assert app_protocols(view, KEY, ServicePort(name="web", port=80)) == ("http2",)
    assert app_protocols(view, KEY, ServicePort(name="web", port=80, app_protocol="http")) == ("http",)
    assert app_protocols(view, KEY, ServicePort(name="other", port=80)) == ()
    assert app_protocols(view, KEY, ServicePort(name="web", port=80, protocol="UDP")) == ()
    assert app_protocols(scratch(CART), KEY, ServicePort(name="web", port=80)) == ()


def test_every_value_is_in_the_documentation() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [value for value in APP_PROTOCOLS if f"`{value}`" not in text] == []
