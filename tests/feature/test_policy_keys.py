"""AccessPolicy, sections apiKeys and basic, with a real Envoy."""

import base64
import json
from typing import Any

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route("shop", "- {name: rest, backendRefs: [{name: one, port: 80}]}", host="shop.example")
OTHER = http_route("other", "- {backendRefs: [{name: two, port: 80}]}", host="*.other.example")
OPEN = http_route("open", "- {backendRefs: [{name: two, port: 80}]}", host="open.example")
HASH = "{SHA}" + "NWoZK3kTsExUV00Ywo1G5jlUKKs="
"""Of the password "1"."""


def secret(name: str, **data: str) -> str:
    entries = json.dumps({key.replace("_", "."): value for key, value in data.items()})
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: shop}}
stringData: {entries}
"""


KEYS = secret("clients", ann="key-of-ann", bob="key-of-bob")
SOURCES = "sources: [{type: Header, name: x-key}, {type: Query, name: key}, {type: Cookie, name: key}]"


def asking(section: str, at: str = target("HTTPRoute", "shop"), name: str = "asking") -> str:
    return policy("AccessPolicy", name, at, f"default: {{{section}}}", namespace="shop")


API_KEYS = f"apiKeys: {{secretRefs: [{{name: clients}}], clientHeader: x-client, {SOURCES}}}"
BASIC = "basic: {secretRef: {name: users}, clientHeader: x-client}"


def seen(world: World, name: str) -> list[str]:
    (request,) = world.backends["one"].requests
    world.backends["one"].requests.clear()
    return [value for header, value in request.headers if header.lower() == name]


def verdict(world: World, name: str = "shop/asking") -> Any:
    outcome: Any = world.outcome(f"AccessPolicy {name}")
    ((found,),) = [each.verdicts for each in outcome.ancestors]
    return found


async def test_a_key_of_a_client_and_no_other(world: World) -> None:
    await world.apply(SHOP, OPEN, KEYS)
    before = await drains(world)
    await world.apply(asking(API_KEYS))
    assert await drains(world) == before

    bad: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
        ("/", ()),
        ("/", (("x-key", "nonsense"),)),
        ("/", (("x-client", "ann"),)),
        ("/?key=nonsense", ()),
        ("/", (("x-api-key", "key-of-ann"),)),
    )
    for path, headers in bad:
        assert (await world.ask(path, *headers, host="shop.example")).status == 401
    good: tuple[tuple[str, tuple[tuple[str, str], ...], str], ...] = (
        ("/", (("x-key", "key-of-ann"),), "ann"),
        ("/?key=key-of-bob", (), "bob"),
        ("/", (("cookie", "key=key-of-ann"),), "ann"),
    )
    world.backends["one"].requests.clear()
    for path, headers, client in good:
        answer = await world.ask(path, *headers, ("x-client", "root"), host="shop.example")
        assert answer.status == 200
        (request,) = world.backends["one"].requests
        assert "key-of" not in f"{request.path} {request.headers}"
        assert seen(world, "x-client") == [client]
    assert (await world.ask("/", host="open.example")).status == 200


@pytest.mark.parametrize("host", ["SHOP.example", "a.other.example"])
async def test_hosts_that_are_found_in_other_ways(world: World, host: str) -> None:
    await world.apply(SHOP, OTHER, KEYS, asking(API_KEYS, target("Namespace")))
    assert (await world.ask("/", host=host)).status == 401
    assert (await world.ask("/", ("x-key", "key-of-ann"), host=host)).status == 200


async def test_new_keys_count_and_old_ones_do_not(world: World) -> None:
    await world.apply(SHOP, KEYS, asking(API_KEYS))
    before = await drains(world)
    await world.apply(secret("clients", ann="another-key"))
    assert (await world.ask("/", ("x-key", "key-of-ann"), host="shop.example")).status == 401
    assert (await world.ask("/", ("x-key", "another-key"), host="shop.example")).status == 200
    assert await drains(world) == before


def basic(user: str, password: str) -> tuple[str, str]:
    return "authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


async def test_the_password_of_a_user(world: World) -> None:
    await world.apply(SHOP, OPEN, secret("users", _htpasswd=f"ann:{HASH}\r\n"))
    before = await drains(world)
    await world.apply(asking(BASIC))
    assert await drains(world) == before
    for headers in ((), (basic("ann", "2"),), (basic("bob", "1"),), (("authorization", "Basic !"),)):
        assert (await world.ask("/", *headers, host="shop.example")).status == 401
    world.backends["one"].requests.clear()
    assert (await world.ask("/", basic("ann", "1"), ("x-client", "root"), host="shop.example")).status == 200
    assert seen(world, "x-client") == ["ann"]
    assert (await world.ask("/", host="open.example")).status == 200


@pytest.mark.parametrize(
    ("section", "given"),
    [
        (API_KEYS, ()),
        (API_KEYS, (secret("clients", ann="hunter two"),)),
        (API_KEYS, (secret("clients", ann="hunter2", bob="hunter2"),)),
        (BASIC, ()),
        (BASIC, (secret("users", _htpasswd="ann:$2y$05$hunter2"),)),
        (BASIC, (secret("users", _htpasswd=f"ann:{HASH}\nann:{HASH}"),)),
        (BASIC.replace("users", "users, namespace: infra"), ()),
    ],
)
async def test_secrets_that_are_none_close_the_scope_and_nothing_else(
    world: World, section: str, given: tuple[str, ...]
) -> None:
    await world.apply(SHOP, OPEN, asking(section), *given)
    assert (await world.ask("/", ("x-key", "key-of-ann"), basic("ann", "1"), host="shop.example")).status == 500
    assert (await world.ask("/", host="open.example")).status == 200
    found = verdict(world)
    assert (found.status, found.reason) == (False, "Invalid")
    assert "hunter" not in found.message
    assert "ecretRef" in found.message


async def test_two_ways_in_are_refused(world: World) -> None:
    floor = policy("AccessPolicy", "floor", target("Namespace"), f"override: {{{API_KEYS}}}", namespace="shop")
    users = secret("users", _htpasswd=f"ann:{HASH}")
    await world.apply(SHOP, KEYS, users, floor, asking(BASIC))
    assert (await world.ask("/", ("x-key", "key-of-ann"), basic("ann", "1"), host="shop.example")).status == 500


FLOOR = "override: {require: {what: Authentication}}"


async def test_what_has_no_authentication_is_closed_where_it_is_required(world: World) -> None:
    await world.apply(SHOP, OPEN, KEYS)
    before = await drains(world)
    await world.apply(policy("AccessPolicy", "floor", target("Gateway", "edge"), FLOOR, namespace="infra"))
    assert (await world.ask("/", host="open.example")).status == 500
    assert (await world.ask("/", ("x-key", "key-of-ann"), host="shop.example")).status == 500
    await world.apply(asking(API_KEYS))
    assert (await world.ask("/", host="open.example")).status == 500
    assert (await world.ask("/", host="shop.example")).status == 401
    assert (await world.ask("/", ("x-key", "key-of-ann"), host="shop.example")).status == 200
    assert await drains(world) == before
