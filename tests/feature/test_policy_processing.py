"""RoutePolicy, section externalProcessing, with a real Envoy and a server: what it sees, changes, and its loss."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.ports import free_port
from tests.feature.harness.processor import Processor, processor
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
REST = target("HTTPRoute", "shop", "rest")
LONG = b"x" * 200_000


def shown(config: str, *, at: str = REST, server: str = "waf", name: str = "waf") -> str:
    section = f"default: {{externalProcessing: {{backendRef: {{name: {server}, port: 80}}, {config}}}}}"
    return policy("RoutePolicy", name, at, section, namespace="shop")


@pytest_asyncio.fixture(loop_scope="module")
async def waf(world: World) -> AsyncIterator[Processor]:
    async with processor() as server:
        await world.apply(service("waf", server.port), SHOP)
        yield server


async def ask(world: World, path: str = "/", *headers: tuple[str, str], **more: Any) -> Any:
    return await world.ask(path, *headers, host="shop.example", **more)


async def test_headers_are_seen_and_changed_for_its_rule_alone_and_no_listener_drains(
    world: World, waf: Processor
) -> None:
    before = await drains(world)
    await world.apply(shown("request: {}, response: {}"))
    waf.sets = {"x-seen": "yes"}
    answer = await ask(world)
    assert (answer.status, answer.seen("x-seen"), answer.one("x-seen")) == (200, ["yes"], "yes")
    assert waf.parts() == ["request_headers", "response_headers"]
    assert (await ask(world, "/open")).seen("x-seen") == []
    assert len(waf.seen) == 2
    await world.remove("RoutePolicy shop/waf")
    assert (await ask(world)).seen("x-seen") == []
    assert await drains(world) == before


async def test_what_it_may_not_change(world: World, waf: Processor) -> None:
    await world.apply(shown("request: {}"))
    waf.sets = {"host": "evil.example", "x-envoy-upstream-rq-timeout-ms": "1", "x-plain": "yes"}
    answer = await ask(world)
    assert (answer.status, answer.seen("host"), answer.seen("x-plain")) == (200, ["shop.example"], ["yes"])


async def test_it_answers_in_the_place_of_a_backend(world: World, waf: Processor) -> None:
    await world.apply(shown("request: {}"))
    waf.answers = 403
    answer = await ask(world)
    assert (answer.status, answer.body) == (403, b"processed")
    assert world.backends["one"].requests == []


REFUSING = {
    "clients": ("AccessPolicy", "default: {clients: {deny: [{cidr: 0.0.0.0/0}]}}", 403),
    "authorization": (
        "AccessPolicy",
        "default: {authorization: {allow: [{headers: [{name: x-a, values: [b]}]}]}}",
        403,
    ),
    "fault": ("RoutePolicy", "override: {fault: {abort: {status: 418}}}", 418),
}


@pytest.mark.parametrize("refusing", REFUSING)
async def test_it_sees_nothing_of_what_is_refused_before(world: World, waf: Processor, refusing: str) -> None:
    kind, section, status = REFUSING[refusing]
    waf.answers = 200
    await world.apply(shown("request: {}, response: {body: Buffered}"))
    await world.apply(policy(kind, "refuses", REST, section, namespace="shop"))
    assert (await ask(world)).status == status
    assert waf.seen == []


@pytest.mark.parametrize("body", ["Buffered", "Streamed"])
async def test_bodies(world: World, waf: Processor, body: str) -> None:
    await world.apply(shown(f"request: {{body: {body}}}, response: {{body: {body}}}"))
    answer = await ask(world, method="PUT", body=b"x" * 20_000)
    assert (answer.status, waf.body("request_body")) == (200, b"x" * 20_000)
    assert waf.body("response_body") == answer.body
    waf.bodies = {"request_body": b"other", "response_body": b"another"}
    answer = await ask(world, method="PUT", body=b"mine")
    assert (answer.status, answer.body) == (200, b"another")
    assert world.backends["one"].requests[-1].body == b"other"
    waf.sets = {"content-length": "3"}
    assert (await ask(world, method="PUT", body=b"mine")).body == b"another"
    assert world.backends["one"].requests[-1].body == b"other"


async def test_a_body_that_is_too_long_to_be_held_back(world: World, waf: Processor) -> None:
    await world.apply(shown("request: {body: Buffered}"))
    assert (await ask(world, method="PUT", body=LONG)).status == 413
    limit = policy("RoutePolicy", "size", REST, "default: {body: {maxBytes: 300000}}", namespace="shop")
    await world.apply(limit)
    waf.seen.clear()
    assert (await ask(world, method="PUT", body=LONG)).status == 200
    assert waf.body("request_body") == LONG


FAILURES = {
    "gone": 503,
    "dies_at request_headers": 503,
    "dies_at request_body": 503,
    "hangs_at request_headers": 504,
    "hangs_at request_body": 504,
}


@pytest.mark.parametrize("body", ["Buffered", "Streamed"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("fails_open", [False, True])
async def test_a_server_that_does_not_answer(
    world: World, waf: Processor, body: str, failure: str, *, fails_open: bool
) -> None:
    await world.apply(shown(f"request: {{body: {body}}}, timeout: 100ms, failOpen: {str(fails_open).lower()}"))
    how, _, part = failure.partition(" ")
    if how == "gone":
        await waf.stop()
    else:
        setattr(waf, how, part)
    long = b"x" * 30_000
    answer = await ask(world, method="PUT", body=long)
    assert answer.status == (200 if fails_open else FAILURES[failure])
    # Without leave, no backend has seen a whole request.
    assert [each.body == long for each in world.backends["one"].requests] == [True] * fails_open


@pytest.mark.parametrize(
    ("server", "why"),
    [("nobody", 'Service "shop/nobody" does not exist'), ("tls", "appProtocol grpcs is spoken under TLS")],
)
async def test_a_server_that_cannot_be_asked_closes_its_scope_though_it_fails_open(
    world: World, waf: Processor, server: str, why: str
) -> None:
    del waf
    await world.apply(
        service("tls", free_port(), app_protocol="grpcs"), shown("request: {}, failOpen: true", server=server)
    )
    assert (await ask(world)).status == 500
    assert (await ask(world, "/open")).status == 200
    outcome: Any = world.outcome("RoutePolicy shop/waf")
    ((verdict,),) = [each.verdicts for each in outcome.ancestors]
    assert (verdict.status, verdict.reason) == (False, "Invalid")
    assert verdict.message.startswith("spec.default.externalProcessing.backendRef: ")
    assert why in verdict.message
    assert verdict.message.endswith("; requests get a 500 until then")
