"""How the traffic of a rule is shared out between its backends, the invalid and the empty ones included.

https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref (weight)
"""

import asyncio
from collections import Counter

import pytest

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

REQUESTS = 1200
CONNECTIONS = 4


def weighted(*refs: str, name: str = "split") -> str:
    return http_route(
        name, f"- {{filters: [<route:{name}>], backendRefs: [{', '.join(refs)}]}}", host=f"{name}.example"
    )


def to(name: str, weight: int | None = None) -> str:
    return f"{{name: {name}, port: 80" + (f", weight: {weight}}}" if weight is not None else "}")


async def shares(world: World, host: str = "split.example", requests: int = REQUESTS) -> Counter[str]:
    """Return how often each backend answered, and how often the proxy itself with which status."""
    counts: Counter[str] = Counter()

    async def ask_some() -> None:
        connection = await world.connect()
        for _ in range(requests // CONNECTIONS):
            answer = await connection.ask("/", host=host)
            assert answer.route == (host.split(".", maxsplit=1)[0] if answer.backend else None)
            counts[answer.backend or str(answer.status)] += 1
        await connection.close()

    await asyncio.gather(*(ask_some() for _ in range(CONNECTIONS)))
    return counts


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        ((to("one", 90), to("two", 10)), {"one": 0.9, "two": 0.1}),
        ((to("one", 80), to("two", 20)), {"one": 0.8, "two": 0.2}),
        ((to("one"), to("two")), {"one": 0.5, "two": 0.5}),
        ((to("one", 1), to("two", 1), to("three", 2)), {"one": 0.25, "two": 0.25, "three": 0.5}),
        ((to("one", 0), to("two", 3)), {"two": 1.0}),
        ((to("one", 5),), {"one": 1.0}),
        ((to("one", 0), to("two", 0)), {"500": 1.0}),
        ((to("one", 0),), {"500": 1.0}),
        ((), {"500": 1.0}),
        ((to("one", 1_000_000), to("two", 1_000_000)), {"one": 0.5, "two": 0.5}),
        # The same Service twice has both shares.
        ((to("one", 2), to("one", 1), to("two", 1)), {"one": 0.75, "two": 0.25}),
        # An invalid backend keeps its share: those requests fail.
        ((to("one", 70), to("missing", 30)), {"one": 0.7, "500": 0.3}),
        ((to("one", 50), "{name: two, port: 4711, weight: 50}"), {"one": 0.5, "500": 0.5}),
        ((to("missing", 1),), {"500": 1.0}),
        ((to("one", 1), to("missing", 0)), {"one": 1.0}),
        # A Service without endpoints is there, but nobody is in.
        ((to("one", 50), to("empty", 50)), {"one": 0.5, "503": 0.5}),
        ((to("empty"),), {"503": 1.0}),
        ((to("one", 1), to("empty", 1), to("missing", 1)), {"one": 1 / 3, "503": 1 / 3, "500": 1 / 3}),
    ],
)
async def test_shares(world: World, refs: tuple[str, ...], expected: dict[str, float]) -> None:
    await world.apply(service("empty"), weighted(*refs))

    counts = await shares(world)

    assert counts.keys() == expected.keys()
    for who, share in expected.items():
        assert plausible(counts[who], REQUESTS, share), counts


async def test_blue_and_green(world: World) -> None:
    for blue, green in ((90, 10), (50, 50), (0, 100)):
        await world.apply(weighted(to("one", blue), to("two", green)))

        counts = await shares(world)

        assert plausible(counts["one"], REQUESTS, blue / 100), counts
        assert plausible(counts["two"], REQUESTS, green / 100), counts
        assert counts.total() == counts["one"] + counts["two"]


async def test_a_backend_that_appears_takes_its_share(world: World) -> None:
    await world.apply(weighted(to("one", 1), to("late", 1)))
    assert state(world.route("HTTPRoute shop/split")["ResolvedRefs"]) == (False, "BackendNotFound")
    assert (await shares(world, requests=100)).keys() == {"one", "500"}

    await world.apply(service("late", world.backends["three"].port))

    assert state(world.route("HTTPRoute shop/split")["ResolvedRefs"]) == (True, "ResolvedRefs")
    counts = await shares(world)
    assert counts.keys() == {"one", "three"}
    assert plausible(counts["three"], REQUESTS, 0.5), counts


async def test_a_backend_that_vanishes_leaves_its_share_empty(world: World) -> None:
    await world.apply(service("soon-gone", world.backends["three"].port), weighted(to("one", 1), to("soon-gone", 1)))
    assert (await shares(world, requests=100)).keys() == {"one", "three"}

    await world.remove("Service shop/soon-gone")

    counts = await shares(world)
    assert counts.keys() == {"one", "500"}
    assert plausible(counts["500"], REQUESTS, 0.5), counts
    assert state(world.route("HTTPRoute shop/split")["ResolvedRefs"]) == (False, "BackendNotFound")


async def test_endpoints_come_and_go_without_an_error(world: World) -> None:
    one, two = world.backends["one"], world.backends["two"]
    await world.apply(service("moving", one.port), weighted(to("moving")))
    assert (await shares(world, requests=40)).keys() == {"one"}

    await world.apply(service("moving", two.port))

    assert (await shares(world, requests=40)).keys() == {"two"}
