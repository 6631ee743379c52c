from typing import Any

from gatewayd.translator.proxies.policy_servers import any_asking, policy_servers
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, delta, member, scratch

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules: [{backendRefs: [{name: cart, port: 80}]}, {name: own, matches: [{path: {value: /own}}]}]
"""
SERVER = "{kind: Service, metadata: {name: server, namespace: shop}, spec: {ports: [{port: 80}]}}"


def asking(at: dict[str, str], server: str = "server") -> dict[str, Any]:
    section = {"protocol": "HTTP", "backendRef": {"name": server, "port": 80}}
    return policy("AccessPolicy", "a", at, default={"externalAuth": section})


def servers(*documents: dict[str, Any]) -> list[tuple[Any, str]]:
    view = scratch(CLASS, GATEWAY, CART, SERVER, ROUTE, *map(delta, documents))
    return [(each.gateway, each.upstream.name) for each in policy_servers(view, member("HTTPRoute", "shop/r"))]


def test_without_a_policy_nobody_is_asked() -> None:
    assert servers() == []
    assert not any_asking(scratch(), ())


def test_whom_a_policy_of_the_gateway_or_of_one_rule_has_asked() -> None:
    assert set(servers(asking(target("Gateway", "gw")))) == {(GW, "server")}
    assert servers(asking(target("HTTPRoute", "r", "own"))) == [(GW, "server")]


def test_a_policy_for_others_or_that_closes_has_nobody_asked() -> None:
    assert servers(asking(target("HTTPRoute", "other"))) == []
    assert servers(asking(target("Gateway", "gw"), "nobody")) == []


def test_proxies_ask_for_keys_that_they_fetch() -> None:
    keys = {"uri": "http://idp/keys", "fetchedBy": "Proxy", "backendRef": {"name": "server", "port": 80}}
    section = {"providers": [{"name": "corp", "issuer": "https://idp", "keys": keys}]}
    assert set(servers(policy("AccessPolicy", "a", target("Gateway", "gw"), default={"jwt": section}))) == {
        (GW, "server")
    }
    mine = {"uri": "http://idp/keys", "backendRef": {"name": "server", "port": 80}}
    ours = {"providers": [{"name": "corp", "issuer": "https://idp", "keys": mine}]}
    assert servers(policy("AccessPolicy", "a", target("Gateway", "gw"), default={"jwt": ours})) == []
