from typing import Any

from gatewayd.api.clientpolicy import ClientPolicy, ClientSections
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.client_settings import (
    STANDARD_CLIENTS,
    STANDARD_SOCKET,
    ClientSettings,
    ConnectionBounds,
    Patience,
    SocketSettings,
    TLSBounds,
    TrustedProxies,
    TrustedRange,
)
from gatewayd.ir.edge import EscapedSlashes
from gatewayd.ir.filters import Header
from gatewayd.translator.policies.client_sections import client_problems, client_settings, socket_settings
from gatewayd.translator.policies.effective import ChainKey, Effective, ScopedTarget, effective
from gatewayd.translator.protocols import GATEWAY_KIND
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import delta, scratch

GATEWAY = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")


def in_force(**sections: Any) -> Effective:
    view = scratch(delta(policy("ClientPolicy", "a", target("Gateway", "gw"), default=sections)))
    return effective(view, ChainKey(ClientPolicy, (GATEWAY,)))


def settings(**sections: Any) -> ClientSettings:
    return client_settings(in_force(**sections))


def test_sections_that_are_disabled_change_nothing() -> None:
    names = ClientSections.__struct_encode_fields__
    disabled = in_force(**{name: {"mode": "Disabled"} for name in names})
    assert client_settings(disabled) == STANDARD_CLIENTS
    assert socket_settings(disabled) == STANDARD_SOCKET


def test_sections_that_say_nothing_change_nothing() -> None:
    names = [each for each in ClientSections.__struct_encode_fields__ if each not in ("clientAddress", "http3")]
    empty = in_force(**{name: {} for name in names})
    assert client_settings(empty) == STANDARD_CLIENTS
    assert socket_settings(empty) == STANDARD_SOCKET


def test_whose_word_counts() -> None:
    assert settings(clientAddress={"trustedHops": 2}).trusted == TrustedProxies(hops=2)
    ranges = settings(clientAddress={"trustedRanges": ["10.0.0.0/8", "10.0.0.1/8", "2001:db8::1"]}).trusted.ranges
    assert ranges == (TrustedRange(network="10.0.0.0", bits=8), TrustedRange(network="2001:db8::1", bits=128))


def test_tls() -> None:
    found = settings(tls={"minVersion": "1.2", "curves": ["P-256"]}, clientCertificate={"forward": ["DNS"]}).tls
    assert found == TLSBounds(least="1.2", curves=("P-256",), forward=("DNS",))


def test_requests() -> None:
    early = {"set": [{"name": "x-a", "value": "1"}, {"name": "Host", "value": "b"}], "remove": ["x-b", "te"]}
    found = settings(headers={"maxCount": 50, "underscores": "Drop", "early": early}, http1={"http10": "Refuse"})
    assert (found.headers.count, found.headers.kib, found.headers.underscores) == (50, 60, "Drop")
    assert found.headers.early_set == (Header(name="x-a", value="1"),)
    assert found.headers.early_remove == ("x-b",)
    assert not found.serves_http10
    path = settings(path={"escapedSlashes": "Keep", "repeatedSlashes": "Keep"}).path
    assert (path.escaped, path.merges) == (EscapedSlashes.KEEP, False)


def test_time_connections_and_sockets() -> None:
    found = settings(timeouts={"requestHeaders": "500ms"}, connections={"max": 3, "maxAge": "1h"})
    assert found.patience == Patience(headers_ms=500)
    assert found.connections == ConnectionBounds(most=3, age_ms=3_600_000)
    assert settings(http2={"maxConcurrentStreams": 7}).streams.most == 7
    socket = socket_settings(in_force(socket={"proxyProtocol": "Required"}))
    assert socket == SocketSettings(proxy_protocol="Required")


def test_what_cannot_be_had_is_named() -> None:
    early = {"set": [{"name": "Host", "value": "b"}], "remove": ["te"]}
    sections = {"clientAddress": {"trustedRanges": ["10.0.0.1/8"]}, "headers": {"early": early}}
    row = delta(policy("ClientPolicy", "a", target("Gateway", "gw"), override=sections)).obj
    assert isinstance(row, ClientPolicy)
    assert [each.partition(": ")[0] for each in client_problems(row)] == [
        "spec.override.clientAddress.trustedRanges[0]",
        "spec.override.headers.early.set[0]",
        "spec.override.headers.early.remove[0]",
    ]
