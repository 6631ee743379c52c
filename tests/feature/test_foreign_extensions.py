"""EnvoyExtensionPolicy of Envoy Gateway with a real Envoy: who sees messages, and what closes a route."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.policies import accepted, drains, foreign, target
from tests.feature.harness.processor import Processor, processor
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host=HOST,
)
ROUTE, RULE, EDGE = target("HTTPRoute", "shop"), target("HTTPRoute", "shop", "open"), target("Gateway", "edge")
SEEN = {"processingMode": {"request": {}}, "backendRefs": [{"name": "waf", "port": 80}]}


def extension(name: str = "a", at: str = ROUTE, namespace: str = "shop", **spec: Any) -> str:
    return foreign("EnvoyExtensionPolicy", name, at, namespace=namespace, **spec)


@pytest_asyncio.fixture(loop_scope="module")
async def waf(world: World) -> AsyncIterator[Processor]:
    async with processor() as server:
        await world.apply(service("waf", server.port), SHOP)
        yield server


async def ask(world: World, path: str = "/", **more: Any) -> Any:
    return await world.ask(path, host=HOST, **more)


async def test_a_server_sees_what_the_nearest_policy_shows_it(world: World, waf: Processor) -> None:
    before = await drains(world)
    await world.apply(extension(extProc=[SEEN]), extension("none", RULE))
    waf.sets = {"x-seen": "yes"}
    assert (await ask(world)).seen("x-seen") == ["yes"]
    assert waf.parts() == ["request_headers"]
    assert (await ask(world, "/open")).seen("x-seen") == []
    assert accepted(world, "EnvoyExtensionPolicy shop/a").status
    assert await drains(world) == before
    both = {**SEEN, "processingMode": {"request": {"body": "Buffered"}, "response": {"body": "Streamed"}}}
    await world.apply(extension(extProc=[both]))
    answer = await ask(world, method="PUT", body=b"x" * 2000)
    assert (waf.body("request_body"), waf.body("response_body")) == (b"x" * 2000, answer.body)


async def test_a_policy_of_a_gateway_that_is_merged_into(world: World, waf: Processor) -> None:
    away = [{"name": "waf", "namespace": "shop", "port": 80}]
    await world.apply(extension("wide", EDGE, "infra", extProc=[{**SEEN, "backendRefs": away}]))
    assert (await ask(world)).status == 500
    said = accepted(world, "EnvoyExtensionPolicy infra/wide")
    assert said.message.startswith('spec.extProc: backendRef: Service "shop/waf" is in another namespace')
    assert said.message.endswith(
        "for EnvoyExtensionPolicy of namespace 'infra'; requests that it is for get a 500 until then"
    )
    await world.apply(grant("let", namespace="shop", of="infra", kind="EnvoyExtensionPolicy"))
    waf.sets = {"x-seen": "yes"}
    assert (await ask(world)).seen("x-seen") == ["yes"]
    await world.apply(extension())
    assert (await ask(world)).seen("x-seen") == []
    await world.apply(extension(mergeType="StrategicMerge"))
    # What it is merged into names a server of the namespace where it is merged.
    assert (await ask(world)).seen("x-seen") == ["yes"]


@pytest.mark.parametrize("fails_open", [False, True])
async def test_a_server_that_goes(world: World, waf: Processor, *, fails_open: bool) -> None:
    await world.apply(extension(extProc=[{**SEEN, "failOpen": fails_open, "messageTimeout": "100ms"}]))
    await waf.stop()
    assert (await ask(world)).status == (200 if fails_open else 503)
    # A reference that leads nowhere closes all the same.
    lost = {**SEEN, "backendRefs": [{"name": "nobody", "port": 80}], "failOpen": fails_open}
    await world.apply(extension(extProc=[lost]))
    assert (await ask(world)).status == 500
    assert not accepted(world, "EnvoyExtensionPolicy shop/a").status


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"lua": [{"inline": "x"}, {"inline": "x"}]}, "spec.lua: must be one script, not 2"),
        ({"wasm": [{"name": "w"}]}, "spec.wasm: allowed: extProc"),
        ({"dynamicModule": [{"name": "m"}]}, "spec.dynamicModule: allowed: extProc"),
        ({"extProc": [SEEN, SEEN]}, "spec.extProc: must be one server, not 2"),
        ({"extProc": [{**SEEN, "shadowMode": True}]}, "spec.extProc[0].shadowMode: allowed: false"),
        ({"frob": 1}, 'spec: has no field "frob"'),
    ],
)
async def test_what_cannot_be_had_closes_what_it_is_for(
    world: World, waf: Processor, spec: dict[str, Any], message: str
) -> None:
    await world.apply(extension(**spec), extension("none", RULE))
    assert (await ask(world)).status == 500
    assert (await ask(world, "/open")).status == 200
    said = accepted(world, "EnvoyExtensionPolicy shop/a")
    assert (said.status, said.reason) == (False, "Invalid")
    assert said.message.startswith(message)
    assert said.message.endswith("; requests that it is for get a 500 until then")
    assert waf.seen == []
