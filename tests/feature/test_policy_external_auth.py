"""AccessPolicy, section externalAuth, with a real Envoy and servers that are asked by HTTP and by gRPC."""

import json
from typing import Any

import pytest

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import World
from tests.feature.test_external_auth import authorization_server

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route("shop", "- {name: rest, backendRefs: [{name: one, port: 80}]}", host="shop.example")
OTHER = http_route("other", "- {backendRefs: [{name: one, port: 80}]}", host="*.other.example")
OPEN = http_route("open", "- {backendRefs: [{name: one, port: 80}]}", host="open.example")
TELL = "http: {path: /check, allowedHeaders: [x-echo-status, x-echo-headers], allowedResponseHeaders: [x-user]}"
HTTP = f"protocol: HTTP, backendRef: {{name: two, port: 80}}, {TELL}"


def ask(
    config: str = HTTP, *, at: str = target("HTTPRoute", "shop"), strategy: str = "default", name: str = "a"
) -> str:
    return policy("AccessPolicy", name, at, f"{strategy}: {{externalAuth: {{{config}}}}}", namespace="shop")


def verdict(world: World) -> Any:
    outcome: Any = world.outcome("AccessPolicy shop/a")
    ((found,),) = [each.verdicts for each in outcome.ancestors]
    return found


async def test_a_request_goes_on_with_consent_and_no_listener_drains(world: World) -> None:
    await world.apply(SHOP, OPEN)
    before = await drains(world)
    await world.apply(ask())
    answer = await world.ask("/door", ("authorization", "Basic x"), host="shop.example")
    assert (answer.status, answer.backend) == (200, "one")
    (asked,) = world.backends["two"].requests
    assert (asked.path, asked.all("authorization")) == ("/check/door", ["Basic x"])
    assert (await world.ask("/", ("x-echo-status", "401"), host="shop.example")).status == 401
    assert (await world.ask("/", host="open.example")).status == 200
    assert len(world.backends["two"].requests) == 2
    await world.remove("AccessPolicy shop/a")
    assert (await world.ask("/", host="shop.example")).status == 200
    assert len(world.backends["two"].requests) == 2
    assert await drains(world) == before


@pytest.mark.parametrize("host", ["SHOP.example", "a.other.example"])
async def test_hosts_that_are_found_in_other_ways(world: World, host: str) -> None:
    await world.apply(SHOP, OTHER, ask(at=target("Namespace")))
    assert (await world.ask("/", ("x-echo-status", "401"), host=host)).status == 401


async def test_what_the_server_says_no_client_can(world: World) -> None:
    await world.apply(SHOP, OPEN, ask())
    said = ("x-echo-headers", json.dumps({"x-user": "ann"}))
    assert (await world.ask("/", said, ("x-user", "root"), host="shop.example")).seen("x-user") == ["ann"]
    assert (await world.ask("/", ("x-user", "root"), host="shop.example")).seen("x-user") == []
    assert (await world.ask("/", ("x-user", "root"), host="open.example")).seen("x-user") == []


@pytest.mark.parametrize(("config", "status"), [("", 403), (", failOpen: false", 403), (", failOpen: true", 200)])
async def test_a_server_that_does_not_answer(world: World, config: str, status: int) -> None:
    away = f"protocol: HTTP, backendRef: {{name: away, port: 80}}{config}"
    await world.apply(SHOP, service("away", free_port()), ask(away))
    assert (await world.ask("/", host="shop.example")).status == status


BROKEN = [
    ("protocol: HTTP, backendRef: {name: nobody, port: 80}", "backendRef"),
    ("protocol: HTTP, backendRef: {name: two, port: 81}", "backendRef"),
    ("protocol: GRPC, backendRef: {name: two, namespace: infra, port: 80}", "backendRef"),
    ("protocol: HTTP, backendRef: {group: apps, kind: Deployment, name: two}", "backendRef"),
    ("protocol: HTTP, backendRef: {name: two, port: 80}, http: {path: /../x}", "http.path"),
    (
        "protocol: HTTP, backendRef: {name: two, port: 80}, http: {allowedResponseHeaders: [host]}",
        "http.allowedResponseHeaders[0]",
    ),
]


@pytest.mark.parametrize(("config", "field"), BROKEN)
async def test_what_cannot_be_asked_closes_its_scope_though_it_fails_open(
    world: World, config: str, field: str
) -> None:
    await world.apply(SHOP, OPEN, ask(f"{config}, failOpen: true"))
    assert (await world.ask("/", host="shop.example")).status == 500
    assert (await world.ask("/", host="open.example")).status == 200
    found = verdict(world)
    assert (found.status, found.reason) == (False, "Invalid")
    assert f"spec.default.externalAuth.{field}" in found.message


OWN = """
- filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: two, port: 80}, http: {path: /own}}}]
  backendRefs: [{name: one, port: 80}]
"""


@pytest.mark.parametrize(("strategy", "paths"), [("default", ["/own/"]), ("override", ["/check/", "/own/"])])
async def test_a_filter_of_the_rule_itself(world: World, strategy: str, paths: list[str]) -> None:
    await world.apply(http_route("shop", OWN, host="shop.example"), ask(strategy=strategy))
    world.backends["two"].requests.clear()
    assert (await world.ask("/", host="shop.example")).status == 200
    assert [each.path for each in world.backends["two"].requests] == paths


async def test_a_server_that_is_asked_by_grpc(world: World) -> None:
    async with authorization_server() as (server, port):
        await world.apply(SHOP, service("checks", port), ask("protocol: GRPC, backendRef: {name: checks, port: 80}"))
        answer = await world.ask("/", ("authorization", "yes"), host="shop.example")
        assert (answer.status, answer.seen("x-user")) == (200, ["ann"])
        assert (await world.ask("/", host="shop.example")).status == 401
        assert len(server.asked) == 2


async def test_it_is_asked_beside_a_way_in_and_counts_as_authentication(world: World) -> None:
    floor = policy(
        "AccessPolicy", "b", target("Gateway", "edge"), "override: {require: {what: Authentication}}", namespace="infra"
    )
    await world.apply(SHOP, floor)
    assert (await world.ask("/", host="shop.example")).status == 500
    await world.apply(ask())
    assert (await world.ask("/", host="shop.example")).status == 200
    await world.apply(ask(f"{HTTP}, failOpen: true"))
    assert (await world.ask("/", host="shop.example")).status == 500
