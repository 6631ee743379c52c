"""AccessPolicy, section jwt, with keys that are fetched: from a real server, by a real client, for a real Envoy."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.keysets.keeper import PACE
from gatewayd.xds.resource import FILTER
from tests.feature.harness.issuers import Issuer, Kept, becomes, fetching, issuer
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route(
    "shop",
    """
- {matches: [{path: {value: /a}}], backendRefs: [{name: one, port: 80}]}
- {backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
URI = "http://idp.example/keys"


def login(uri: str = URI, *, at: str = target("HTTPRoute", "shop"), name: str = "login", ref: str = "idp") -> str:
    asked = f", backendRef: {{name: {ref}, port: 80}}" if ref else ""
    given = f"{{name: corp, issuer: '{ISSUER}', audiences: [shop], keys: {{uri: '{uri}'{asked}}}}}"
    return policy("AccessPolicy", name, at, f"default: {{jwt: {{providers: [{given}]}}}}", namespace="shop")


@pytest_asyncio.fixture(loop_scope="module")
async def idp() -> AsyncIterator[Issuer]:
    async with issuer() as it:
        yield it


async def status(world: World, provider: Provider, path: str = "/") -> int:
    answer: Any = await world.ask(path, ("authorization", f"Bearer {provider.token()}"))
    return int(answer.status)


def resolved(world: World, identity: str = "AccessPolicy shop/login") -> tuple[bool, str] | None:
    """Return what is said of the keys of a policy; None before there is anything to say."""
    outcome: Any = world.outcome(identity)
    (ancestor,) = outcome.ancestors
    found = {each.type: (each.status, each.message) for each in ancestor.verdicts}
    return found.get("ResolvedRefs")


async def test_keys_are_fetched_once_and_good_tokens_come_in(world: World, idp: Issuer) -> None:
    provider = Provider()
    idp.body, idp.head = provider.keys, ""
    await world.apply(SHOP, service("idp", idp.port), login(), login(name="again", at=target("Gateway", "other")))
    # Nobody has asked yet, so nobody's token is good.
    assert await status(world, provider) == 401
    before = await drains(world)

    async with fetching(world, Kept(), pace=PACE):
        await becomes(world, lambda: resolved(world) == (True, ""))
        assert [await status(world, provider, path) for path in ("/", "/a")] == [200, 200]
        assert await status(world, Provider()) == 401
        await world.apply(SHOP.replace("value: /a", "value: /b"))
        assert [await status(world, provider, path) for path in ("/", "/b")] == [200, 200]
    assert len(idp.asked) == 1
    assert idp.asked[0].startswith("GET /keys HTTP/1.1\r\nHost: idp.example\r\n")
    assert await drains(world) == before


async def test_new_keys_count_and_old_ones_do_not_and_no_route_is_sent(world: World, idp: Issuer) -> None:
    old, new = Provider(), Provider()
    idp.body = old.keys
    await world.apply(SHOP, service("idp", idp.port), login())
    async with fetching(world, Kept()):
        await becomes(world, lambda: resolved(world) == (True, ""))
        assert [await status(world, each) for each in (old, new)] == [200, 401]
        (before,) = world.reconciler.snapshots.values()
        idp.body = new.keys
        await becomes(world, lambda: before not in world.reconciler.snapshots.values())
        assert [await status(world, each) for each in (old, new)] == [401, 200]
        (after,) = world.reconciler.snapshots.values()
        assert {url for url in after.resources if after.of(url) != before.of(url)} == {FILTER}


async def test_the_issuer_may_be_down_while_others_edit_and_while_gatewayd_starts(world: World, idp: Issuer) -> None:
    provider, kept = Provider(), Kept()
    idp.body = provider.keys
    await world.apply(SHOP, service("idp", idp.port), login())
    async with fetching(world, kept):
        await becomes(world, lambda: resolved(world) == (True, ""))
        idp.is_down = True
        await becomes(world, lambda: (resolved(world) or (True, ""))[0] is False)
        said = resolved(world)
        assert said is not None
        assert said[1].startswith(f"spec.default.jwt.providers[0].keys: {URI} at Service shop/idp:80: ")
        assert said[1].endswith("; what was fetched last stays")
        assert await status(world, provider) == 200
        for path in ("/b", "/c"):
            await world.apply(SHOP.replace("value: /a", f"value: {path}"))
            assert [await status(world, provider, each) for each in (path, "/")] == [200, 200]
    # Another process, which has nothing but what was kept.
    await becomes(world, lambda: resolved(world) is None)
    assert await status(world, provider) == 401
    async with fetching(world, kept):
        await becomes(world, lambda: resolved(world) is not None)
        assert await status(world, provider) == 200


@pytest.mark.parametrize(
    ("body", "code", "head", "why"),
    [
        ("nothing", 200, "", "the answer is not JSON"),
        ('{"keys": []}', 200, "", "the answer has no list of keys"),
        ("x" * (1024 * 1024 + 1), 200, "", "the answer has more than 1048576 bytes"),
        ("{}", 500, "", "the answer is 500; wanted is a 200, without redirects"),
        ("{}", 302, "location: http://127.0.0.1/\r\n", "the answer is 302; wanted is a 200, without redirects"),
    ],
)
async def test_while_there_never_were_keys_nobody_comes_in_and_the_policy_says_why(
    world: World, idp: Issuer, body: str, code: int, head: str, why: str
) -> None:
    idp.body, idp.status, idp.head = body, code, head
    await world.apply(SHOP, service("idp", idp.port), login())
    async with fetching(world, Kept(), pace=PACE):
        await becomes(world, lambda: resolved(world) is not None)
        meanwhile = "until there are keys its tokens get a 401"
        at = f"spec.default.jwt.providers[0].keys: {URI} at Service shop/idp:80"
        assert resolved(world) == (False, f"{at}: {why}; {meanwhile}")
        assert await status(world, Provider()) == 401
        assert (await world.ask("/")).status == 401


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "127.0.0.1"])
async def test_nobody_has_the_control_plane_ask_what_is_within(world: World, idp: Issuer, host: str) -> None:
    await world.apply(SHOP, login(f"https://{host}:{idp.port}/keys", ref=""))
    async with fetching(world, Kept(), pace=PACE):
        await becomes(world, lambda: resolved(world) is not None)
        said = resolved(world)
        assert said is not None
        assert said[0] is False
    assert idp.asked == []


async def test_whoever_may_not_be_asked_closes_the_scope(world: World, idp: Issuer) -> None:
    away = service("idp", idp.port).replace("namespace: shop", "namespace: infra")
    await world.apply(SHOP, away, login().replace("name: idp, port", "name: idp, namespace: infra, port"))
    async with fetching(world, Kept(), pace=PACE):
        assert await status(world, Provider()) == 500
        outcome: Any = world.outcome("AccessPolicy shop/login")
        assert "providers[0].keys.backendRef: " in outcome.ancestors[0].verdicts[0].message
    assert idp.asked == []
