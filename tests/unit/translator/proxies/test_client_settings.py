from dataclasses import replace
from typing import Any

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.client_settings import STANDARD_CLIENTS, STANDARD_SOCKET
from gatewayd.ir.proxy import FilterChain, StreamListener
from gatewayd.translator.gateways.listeners import ListenerKey, PortKey
from gatewayd.translator.proxies.at_listener import ListenerOf
from gatewayd.translator.proxies.client_settings import (
    Disagreement,
    clients_at,
    clients_effective,
    disagreements,
    first_of_port,
    socket,
)
from gatewayd.translator.proxies.filter_chains import port
from tests.unit.policies import policy, target
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GW, delta, scratch

GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  listeners:
  - {name: a, port: 80, protocol: HTTP, hostname: a.example}
  - {name: b, port: 80, protocol: HTTP, hostname: b.example}
  - {name: alone, port: 81, protocol: HTTP}
---
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec: {parentRef: {name: gw}, listeners: [{name: c, port: 80, protocol: HTTP, hostname: c.example}]}
"""
PORT = PortKey(GW, "tcp", 80)


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(CLASS, CART, GATEWAY, *map(delta, documents))


def counted(name: str, at: dict[str, str], count: int) -> dict[str, Any]:
    return policy("ClientPolicy", name, at, default={"headers": {"maxCount": count}, "socket": {"bufferBytes": 8192}})


def count(view: Scratch, number: int = 80) -> int:
    found = port(view, PortKey(GW, "tcp", number))
    assert isinstance(found, StreamListener)
    (chain,) = found.chains
    return chain.clients.headers.count


def at(section: str) -> ListenerOf:
    owner = ("ListenerSet", "shop", "more") if section == "c" else ("Gateway", "shop", "gw")
    return ListenerOf(GW, ListenerKey(*owner, section))


def test_without_a_policy_there_is_one_value() -> None:
    found = port(view_of(), PORT)
    assert isinstance(found, StreamListener)
    assert found.socket is STANDARD_SOCKET
    assert [each.clients for each in found.chains] == [STANDARD_CLIENTS]
    assert disagreements(view_of(), GW) == ()


def test_a_policy_of_a_gateway_is_for_all_its_ports_and_nobody_disagrees() -> None:
    view = view_of(counted("a", target("Gateway", "gw"), 20))
    assert (count(view), count(view, 81)) == (20, 20)
    assert socket(view, PORT).buffer == 8192
    assert disagreements(view, GW) == ()


def test_a_policy_of_a_listener_is_for_its_port() -> None:
    view = view_of(counted("a", target("Gateway", "gw", "alone"), 20))
    assert (count(view), count(view, 81)) == (100, 20)


def test_the_first_listener_of_a_port_decides_and_all_are_told() -> None:
    first = counted("first", target("Gateway", "gw", "a"), 20)
    view = view_of(first, counted("set", target("ListenerSet", "more"), 30))
    assert count(view) == 20
    told = {(each.listener, each.section): each for each in disagreements(view, GW)}
    assert set(told) == {("b", "headers"), ("b", "socket"), ("c", "headers")}
    assert told["c", "headers"] == Disagreement(
        port=80,
        listener="c",
        first="a",
        section="headers",
        wanted=ObjectKey("shop", "set"),
        counts=ObjectKey("shop", "first"),
    )
    assert told["b", "headers"].wanted is None


def test_what_is_in_force_is_what_counts_for_the_port() -> None:
    view = view_of(counted("first", target("Gateway", "gw", "a"), 20), counted("b", target("Gateway", "gw", "b"), 30))
    for section in ("a", "b", "c"):
        found = clients_effective(view, at(section))
        assert {each.policy.name for each in found.defaults} == {"first"}
    assert clients_effective(view, at("alone")).defaults == ()
    assert clients_effective(view, at("gone")).defaults == ()


MUTUAL = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}}}
  listeners: [{name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}]
"""
REVOKING = policy(
    "ClientPolicy",
    "revoking",
    target("Gateway", "gw"),
    override={"clientCertificate": {"revocation": {"lists": [{"name": "crl"}]}}},
)
LIST = pem.revoked_by(pem.ec_key(5), "ca.example", 7)


def chain_with(*manifests: str) -> FilterChain:
    """Return the chain of the port that asks for certificates."""
    ca = pem.bundle("ca", pem.certificate_of(pem.ec_key(5), "ca.example"))
    view = scratch(CLASS, CART, MUTUAL, pem.good_secret("cert"), ca, delta(REVOKING), *manifests)
    found = port(view, PortKey(GW, "tcp", 443))
    assert isinstance(found, StreamListener)
    (chain,) = found.chains
    return chain


def test_while_a_list_cannot_be_had_no_certificate_is_good() -> None:
    chain = chain_with()
    assert chain.clients.tls.trusts_nobody
    assert chain.tls is not None
    assert chain.tls.client is not None
    assert chain.tls.client.trust.revoked is None


def test_what_is_revoked_stands_beside_the_authorities() -> None:
    chain = chain_with(pem.bundle("crl", LIST).replace("ca.crt", "ca.crl"))
    assert not chain.clients.tls.trusts_nobody
    assert chain.tls is not None
    assert chain.tls.client is not None
    revoked = chain.tls.client.trust.revoked
    assert revoked is not None
    assert (revoked.lists, revoked.whole_chain) == (LIST, True)


def test_the_first_listener_of_a_port_decides_and_nobody_where_there_is_none() -> None:
    first = first_of_port(view_of(), PORT)
    assert first is not None
    assert first.key.section == "a"
    assert first_of_port(view_of(), PORT._replace(port=82)) is None


def test_while_policies_cannot_be_read_no_certificate_of_a_client_is_good() -> None:
    listener = first_of_port(view_of(), PORT)
    assert listener is not None
    assert clients_at.rescue is not None
    at, bug = ListenerOf(GW, listener.key), RuntimeError("a bug")
    unchecked = replace(STANDARD_CLIENTS, tls=replace(STANDARD_CLIENTS.tls, trusts_nobody=True))
    assert clients_at.rescue(view_of(), at, bug, None) == unchecked
    assert clients_at.rescue(view_of(), at, bug, STANDARD_CLIENTS) == STANDARD_CLIENTS
