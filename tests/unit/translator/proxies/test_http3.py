"""Which listeners have HTTP/3, where clients find it, and what is said of those that cannot have it."""

from typing import Any

import pytest

from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.infrastructure import Infrastructure
from gatewayd.ir.proxy import HTTPTraffic, QuicListener, StreamListener
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.infrastructure.gateway import infrastructure
from gatewayd.translator.proxies.filter_chains import port, speaks_http3
from gatewayd.translator.proxies.http3 import left_out_of_http3, quic_listener
from gatewayd.translator.proxies.proxy_config import proxy_config
from tests.unit.policies import policy, target
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, GW, delta, member, scratch

CERT = pem.good_secret("cert")
CA = pem.bundle("ca", pem.certificate_of(pem.ec_key(5), "ca.example"))
VALIDATION = "tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}}}}"
PORT = PortKey(GW, "tcp", 443)
HERE_ALONE = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 8000, None))


def gateway(*more: str, tls: str = "") -> str:
    ended = "protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}"
    listeners = (
        f"{{name: a, port: 443, hostname: a.example, {ended}}}",
        f"{{name: b, port: 443, hostname: b.example, {ended}}}",
        "{name: plain, port: 80, protocol: HTTP}",
        *more,
    )
    return f"""
    kind: Gateway
    metadata: {{name: gw, namespace: shop, uid: u-1}}
    spec:
      gatewayClassName: gatewayd
      {tls}
      listeners: [{", ".join(listeners)}]
    """


def spoken(section: str = "", **sections: Any) -> Delta:
    given = {"http3": {}, **sections}
    return delta(policy("ClientPolicy", "modern", target("Gateway", "gw", section), default=given))


def told(view: Scratch) -> dict[str, int]:
    """Return which server names are told of which port."""
    listener = port(view, PORT)
    assert isinstance(listener, StreamListener)
    traffics = [(chain.server_names, chain.traffic) for chain in listener.chains]
    return {names[0]: traffic.http3_port for names, traffic in traffics if isinstance(traffic, HTTPTraffic)}


def quic(view: Scratch) -> list[str]:
    config = proxy_config(view, GW)
    assert config is not None
    return [
        chain.server_names[0] for each in config.listeners if isinstance(each, QuicListener) for chain in each.chains
    ]


def service_ports(view: Scratch) -> list[tuple[str, int, str]]:
    found = infrastructure(view, Member(member("Gateway", "shop/gw").table, GW))
    assert isinstance(found, Infrastructure)
    return [(each.name, each.port, each.transport) for each in found.ports]


def test_without_a_policy_there_is_none() -> None:
    view = scratch(CLASS, CERT, gateway())
    assert told(view) == {"a.example": 0, "b.example": 0}
    assert quic(view) == []
    assert not speaks_http3(view, PORT)
    assert quic_listener(view, port(view, PORT)) is None
    assert left_out_of_http3(view, GW) == ()


def test_all_https_listeners_of_a_gateway_or_one() -> None:
    view = scratch(CLASS, CERT, gateway(), spoken())
    assert told(view) == {"a.example": 443, "b.example": 443}
    assert quic(view) == ["a.example", "b.example"]
    assert service_ports(view) == [("tcp-80", 80, "TCP"), ("tcp-443", 443, "TCP"), ("quic-443", 443, "UDP")]
    assert left_out_of_http3(view, GW) == ()
    assert quic(scratch(CLASS, CERT, gateway(), spoken("b"))) == ["b.example"]


def test_the_port_that_clients_are_told_of() -> None:
    assert told(scratch(CLASS, CERT, gateway(), spoken(http3={"advertisedPort": 444})))["a.example"] == 444
    alone = scratch(CLASS, CERT, gateway(), spoken(), HERE_ALONE)
    assert told(alone)["a.example"] == 8443


@pytest.mark.parametrize(
    ("manifest", "sections", "why"),
    [
        (
            gateway(tls=VALIDATION),
            {},
            "its clients are asked for certificates, which are not checked over HTTP/3",
        ),
        (gateway("{name: udp, port: 443, protocol: UDP}"), {}, "another listener has UDP port 443"),
        (gateway(), {"tls": {"maxVersion": "1.2"}}, "its TLS ends at version 1.2, and HTTP/3 takes 1.3"),
    ],
)
def test_who_goes_without_is_told(manifest: str, sections: dict[str, Any], why: str) -> None:
    view = scratch(CLASS, CERT, CA, manifest, spoken(**sections))
    assert told(view) == {"a.example": 0, "b.example": 0}
    assert quic(view) == []
    assert [(each.listener, each.policy.name, each.why) for each in left_out_of_http3(view, GW)] == [
        ("a", "modern", why),
        ("b", "modern", why),
    ]
