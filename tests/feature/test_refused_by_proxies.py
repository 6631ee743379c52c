"""A route says so while proxies refuse what is made of it: an Envoy that does, one of several, and how it is over."""

from dataclasses import replace

import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import ExactPath, RegexPath, Route
from gatewayd.ir.outcome import Verdict
from gatewayd.reconciler import Batch
from gatewayd.xds.build import virtual_hosts
from gatewayd.xds.messages.route import route_entries
from gatewayd.xds.resource import CLUSTER
from tests.feature.harness.manifests import http_route
from tests.feature.harness.scripted import scripted_proxy
from tests.feature.harness.world import World
from tests.unit.xds.shorthand import matching

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

EDGE = GatewayFleet(namespace="infra", name="edge")
REFUSED = "gatewayd.io/RefusedByProxy"
SHOP = "HTTPRoute shop/shop"


def shop(path: str, backend: str = "one") -> str:
    match = f"{{path: {{type: Exact, value: {path}}}}}"
    rules = f"- {{matches: [{match}], filters: [<route:shop>], backendRefs: [{{name: {backend}, port: 80}}]}}"
    return http_route("shop", rules, host="shop.example")


@pytest.fixture
def spoiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make of a path that begins with `/refused` what no manifest leads to: Envoy refuses such an expression."""

    def spoilt(made: Route, domain: str) -> bytes:
        path = made.match.path
        if isinstance(path, ExactPath) and path.value.startswith("/refused"):
            made = replace(made, match=matching(RegexPath(pattern=f"({path.value}")))
        return route_entries(made, domain)

    monkeypatch.setattr(virtual_hosts, "route_entries", spoilt)
    monkeypatch.setattr(virtual_hosts, "shared_between_domains", lambda _: False)


def refusal(world: World) -> Verdict | None:
    return world.route(SHOP).get(REFUSED)


async def refused(world: World) -> Verdict:
    """Wait until Envoy refuses the route alone, or the table that comes whole; return what is said of the route."""

    def names() -> set[str]:
        return {name for each in world.rejections() for name in each.names}

    # Hosts that share a RouteConfiguration are taken apart when it is refused.
    await world.until(lambda: names() and not any("#" in each for each in names()) and refusal(world) is not None)
    found = refusal(world)
    assert found is not None
    return found


@pytest.mark.usefixtures("spoiling")
async def test_a_route_says_so_while_envoy_refuses_it_and_not_a_moment_longer(world: World) -> None:
    await world.apply(shop("/fine"))
    assert (await world.ask("/fine", host="shop.example")).said == (200, "shop", "one")
    assert refusal(world) is None

    world.put(shop("/refused"))
    said = await refused(world)
    assert said.message.startswith("spec.rules: all connected proxies refuse the routes of ")
    assert said.message.endswith(" and go on with what they had: missing ): (/refused")
    assert (await world.ask("/fine", host="shop.example")).said == (200, "shop", "one")

    # An edit that does not mend it takes nothing back, not even until Envoy has answered.
    told: list[Verdict | None] = []

    def hear(_batch: Batch) -> None:
        told.append(refusal(world))

    world.hearers.append(hear)
    world.put(shop("/refused/still"))
    await world.until(lambda: refusal(world) != said)
    world.hearers.remove(hear)
    words = {each.message.partition("had: ")[2] if each is not None else "" for each in told}
    assert words == {"missing ): (/refused", "missing ): (/refused/still"}

    world.put(shop("/mended"))
    await world.until(lambda: refusal(world) is None)
    await world.settle()
    assert (await world.ask("/mended", host="shop.example")).said == (200, "shop", "one")


async def test_one_proxy_of_several_is_told_as_such(world: World) -> None:
    await world.apply(shop("/fine"))
    async with scripted_proxy(world.socket, EDGE) as proxy:
        clusters = await proxy.response(CLUSTER)
        await proxy.nack(clusters, "Error adding/updating cluster(s) shop/one/80/http1: no such thing")
        await world.until(lambda: refusal(world) is not None)
        said = refusal(world)
        assert said is not None
        refusing = "one of several proxies refuses the backend Service shop/one:80 and goes on with what it had"
        assert said.message == (
            f"spec.rules[0]: {refusing}: Error adding/updating cluster(s) shop/one/80/http1: no such thing"
        )
    await world.until(lambda: not world.rejections() and refusal(world) is None)
