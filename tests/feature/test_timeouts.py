"""Time-outs: of the whole request and of one try at a backend.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutetimeouts
"""

import asyncio
import time

import pytest

from gatewayd.ir.fleet import GatewayFleet
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HANG = (("x-echo-hang", "1000000"),)


def limited(timeouts: str) -> str:
    return http_route(
        "limited",
        f"""
- filters: [<route:limited>, <tag:limited>]
  timeouts: {{{timeouts}}}
  backendRefs: [{{name: one, port: 80}}]
""",
        host="limited.example",
    )


@pytest.mark.parametrize(
    ("timeouts", "seconds"),
    [
        ("request: 200ms", 0.2),
        ("backendRequest: 200ms", 0.2),
        ("request: 300ms, backendRequest: 200ms", 0.2),
        ("request: 1s, backendRequest: 1s", 1.0),
        ("request: 0s, backendRequest: 200ms", 0.2),
        ("request: 0h0m0s200ms", 0.2),
    ],
)
async def test_a_backend_that_takes_too_long(world: World, timeouts: str, seconds: float) -> None:
    await world.apply(limited(timeouts))
    began = time.monotonic()

    answer = await world.ask("/", *HANG, host="limited.example")

    took = time.monotonic() - began
    assert (answer.status, answer.one("x-route"), answer.backend) == (504, "limited", None)
    assert took >= seconds * 0.95
    # The other limit, where there is one, or none at all would have taken far longer.
    assert took < seconds + 5


async def test_a_backend_that_is_fast_enough(world: World) -> None:
    await world.apply(limited("request: 10s, backendRequest: 10s"))

    assert (await world.ask("/", host="limited.example")).said == (200, "limited", "one")


@pytest.mark.parametrize("timeouts", ["request: 0s", "request: 0s, backendRequest: 0s", "backendRequest: 0s"])
async def test_zero_is_no_limit(world: World, timeouts: str) -> None:
    await world.apply(limited(timeouts))
    one = world.backends["one"]

    asking = asyncio.create_task(world.ask("/", ("x-echo-wait", "1"), host="limited.example"))
    await one.received(lambda seen: len(seen) == 1)
    quick = await world.ask("/", host="limited.example")
    assert quick.said == (200, "limited", "one")
    assert not asking.done()
    one.gate.set()

    assert (await asking).said == (200, "limited", "one")


async def test_without_a_word_there_is_no_limit_of_15_seconds(world: World) -> None:
    """Envoy's own default is 15 s; that the route says otherwise is seen in what Envoy has, not waited for."""
    await world.apply(
        http_route("free", "- {filters: [<route:free>], backendRefs: [{name: one, port: 80}]}", host="free.example")
    )

    dump = (
        await world.envoys[GatewayFleet(namespace="infra", name="edge")].get(
            "/config_dump?resource=dynamic_route_configs"
        )
    ).decode()

    assert (await world.ask("/", host="free.example")).said == (200, "free", "one")
    assert '"timeout": "0s"' in dump


async def test_one_slow_request_does_not_hold_back_another_rule(world: World) -> None:
    await world.apply(
        http_route(
            "two",
            """
- matches: [{path: {value: /slow}}]
  filters: [<tag:slow>]
  timeouts: {request: 300ms}
  backendRefs: [{name: one, port: 80}]
- {matches: [{path: {value: /free}}], filters: [<tag:free>], backendRefs: [{name: one, port: 80}]}
""",
            host="two.example",
        )
    )
    one = world.backends["one"]

    free = asyncio.create_task(world.ask("/free", ("x-echo-wait", "1"), host="two.example"))
    slow = await world.ask("/slow", *HANG, host="two.example")
    assert (slow.status, slow.one("x-route"), slow.backend) == (504, "slow", None)
    assert not free.done()
    one.gate.set()

    assert (await free).said == (200, "free", "one")
