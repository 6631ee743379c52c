"""Paths with %2F and %5C, as the Gateway's annotation has them; `explain` says the same."""

import pytest

from gatewayd.explain.action import Forwarded
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.trace import Taken, Translated, traces
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "two")
ROUTE = http_route(
    "s",
    "- {matches: [{path: {value: /admin}}], filters: [<tag:admin>], backendRefs: [{name: two, port: 80}]}\n"
    "- {filters: [<tag:rest>], backendRefs: [{name: one, port: 80}]}",
    host="s.example",
)
ADMIN, REST, MOVED, REFUSED = "admin", "rest", 307, 400
# What each path comes to: the route that takes it, or the status.
ANSWERS = {
    "unescape-and-redirect": (MOVED, MOVED, MOVED, MOVED, REST),
    "unescape-and-forward": (ADMIN, ADMIN, REST, ADMIN, REST),
    "reject": (REFUSED, REFUSED, REFUSED, REFUSED, REST),
    "keep": (REST, REST, REST, REST, REST),
}
PATHS = ("/x%2F..%2Fadmin", "/%2fadmin", "/a%5Cb", "/admin%2Fusers", "/a?b=%2F")


def gateway(value: str) -> str:
    return GATEWAY.replace(
        "namespace: infra}", f"namespace: infra, annotations: {{gatewayd.io/escaped-slashes: {value}}}}}"
    )


def came_to(answer: Answer) -> str | int:
    return answer.route or answer.status if answer.backend else answer.status


@pytest.mark.parametrize("value", ANSWERS)
async def test_every_choice(world: World, value: str) -> None:
    await world.apply(gateway(value), ROUTE)

    found = [await world.ask(path, host="s.example") for path in PATHS]

    assert tuple(map(came_to, found)) == ANSWERS[value]
    translated = Translated(engine=world.reconciler.store.engine, configs=tuple(world.reconciler.configs.values()))
    for path, answer in zip(PATHS, found, strict=True):
        sent = Sent(scheme="http", method="GET", host="s.example", target=path, headers=())
        (trace,) = traces(translated, sent, world.port("http"))
        if isinstance(trace.end, Answered):
            assert (trace.end.status, trace.end.location) == (answer.status, answer.one("location") or "")
        else:
            assert isinstance(trace.end, Taken)
            assert isinstance(trace.end.happening, Forwarded)
            assert trace.end.happening.shares[0].path == answer.echo["path"].partition("?")[0]


async def test_the_default_is_to_redirect(world: World) -> None:
    await world.apply(ROUTE)

    answer = await world.ask("/x%2F..%2Fadmin", host="s.example")

    assert (answer.status, answer.one("location")) == (307, "/admin")


async def test_a_wrong_value_is_said_and_the_default_holds(world: World) -> None:
    await world.apply(gateway("yes-please"), ROUTE)

    said = world.gateway("Gateway infra/edge")["Accepted"]
    assert state(said) == (False, "InvalidParameters")
    assert "gatewayd.io/escaped-slashes" in said.message
    assert (await world.ask("/%2fadmin", host="s.example")).status == 307
    assert (await world.ask("/admin", host="s.example")).said == (200, "admin", "two")
