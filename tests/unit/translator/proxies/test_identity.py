from typing import Any

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.translator.proxies.identity import identity_headers
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, SHOP, delta, scratch
from tests.unit.translator.policies.test_tokens import KEYS

SET = """
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec:
  parentRef: {name: gw}
  listeners: [{name: http, port: 81, protocol: HTTP}]
"""
NONE: tuple[str, ...] = ()


def login(header: str, at: dict[str, str], namespace: str = "shop", keys: str = KEYS) -> dict[str, Any]:
    provider = {
        "name": "corp",
        "issuer": "https://idp",
        "keys": {"inline": keys},
        "claimHeaders": [{"claim": "sub", "header": header}],
    }
    return policy("AccessPolicy", header.lower(), at, namespace=namespace, default={"jwt": {"providers": [provider]}})


def headers(*documents: dict[str, Any], namespaces: tuple[str, ...] = ("shop",)) -> tuple[str, ...]:
    return identity_headers(scratch(SHOP, SET, *map(delta, documents)), GW, namespaces)


def test_without_a_policy_that_tells_anybody_there_are_none() -> None:
    clients = policy("AccessPolicy", "a", target("Gateway", "gw"), default={"clients": {"allow": [{"cidr": "::1"}]}})
    assert headers(clients) == NONE


@pytest.mark.parametrize(
    "at", [target("Gateway", "gw"), target("Gateway", "gw", "http"), target("ListenerSet", "more", "http")]
)
def test_those_of_a_gateway_and_its_listeners_count_on_all_of_it(at: dict[str, str]) -> None:
    assert headers(login("X-User", at), namespaces=("elsewhere",)) == ("x-user",)


def test_those_of_several_policies_come_in_order() -> None:
    gateway, namespace = target("Gateway", "gw"), target("Namespace")
    of_gateway = [login(f"x-g{at}", gateway) for at in (3, 1, 2)]
    of_namespace = [login(f"x-{at}", namespace) for at in ("z", "a", "m")]
    assert headers(*of_gateway, *of_namespace) == ("x-a", "x-g1", "x-g2", "x-g3", "x-m", "x-z")


def test_those_of_another_gateway_do_not_count() -> None:
    assert headers(login("x-user", target("Gateway", "other")), namespaces=("elsewhere",)) == NONE


@pytest.mark.parametrize("at", [target("HTTPRoute", "r"), target("HTTPRoute", "r", "first"), target("Namespace")])
def test_those_of_a_route_count_in_its_namespace_and_for_its_backends(at: dict[str, str]) -> None:
    assert headers(login("x-user", at)) == ("x-user",)
    assert headers(login("x-user", at), namespaces=("elsewhere",)) == NONE
    assert headers(login("x-user", at), namespaces=("elsewhere", "shop")) == ("x-user",)


def test_those_that_a_server_says_which_is_asked() -> None:
    http = {"allowedHeaders": ["x-seen"], "allowedResponseHeaders": ["X-User", "x-seen"]}
    section = {"protocol": "HTTP", "backendRef": {"name": "s", "port": 80}, "http": http}
    asked = policy("AccessPolicy", "a", target("Gateway", "gw"), default={"externalAuth": section})
    assert headers(asked, namespaces=()) == ("x-user",)


def test_a_policy_that_cannot_be_honoured_tells_nobody_anything() -> None:
    assert headers(login("x-user", target("HTTPRoute", "r"), keys="{}")) == NONE
    assert headers(login("host", target("HTTPRoute", "r"))) == NONE


def test_the_owner_of_a_gateway_may_be_anybody_else() -> None:
    found = identity_headers(
        scratch(SHOP, delta(login("x-user", target("Gateway", "gw")))), ObjectKey("other", "gw"), ("elsewhere",)
    )
    assert found == NONE


@pytest.mark.parametrize(
    "section",
    [
        {"apiKeys": {"secretRefs": [{"name": "s"}], "clientHeader": "X-Client"}},
        {"basic": {"secretRef": {"name": "s"}, "clientHeader": "X-Client"}},
    ],
)
def test_names_of_clients_and_users_are_told_as_well(section: dict[str, Any]) -> None:
    assert headers(policy("AccessPolicy", "p", target("HTTPRoute", "r"), override=section)) == ("x-client",)
