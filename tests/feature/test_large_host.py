"""More rules under one host than are kept as a list: which rule gets a request is what it was."""

import pytest
from envoy.config.route.v3 import route_pb2

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import LONGEST_LIST
from gatewayd.xds.resource import ROUTE
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "big.example"
RULES_OF_A_ROUTE = 16
ROUTES = LONGEST_LIST // RULES_OF_A_ROUTE + 1


def rule(name: str, matches: str, to: str = "backendRefs: [{name: one, port: 80}]") -> str:
    return f"- {{filters: [<route:{name}>], matches: [{matches}], {to}}}\n"


def filler(number: int) -> str:
    paths = (f"/team-{number}/app-{each}" for each in range(RULES_OF_A_ROUTE))
    rules = (
        rule(path.strip("/").replace("/", "-"), f"{{path: {{type: PathPrefix, value: {path}}}}}") for path in paths
    )
    return http_route(f"filler-{number}", "".join(rules), host=HOST)


FEW = http_route(
    "few",
    rule("root", "{path: {type: PathPrefix, value: /}}")
    + rule("team", "{path: {type: PathPrefix, value: /team-1}}")
    + rule("app", "{path: {type: Exact, value: /team-1/app-1}}")
    + rule("regex", "{path: {type: RegularExpression, value: '/team-[0-9]+/a.*z'}}")
    + rule("posted", "{path: {type: PathPrefix, value: /team-1/app-1}, method: POST}")
    + rule("told", "{headers: [{name: x-kind, value: told}]}"),
    host=HOST,
)
FILLERS = tuple(map(filler, range(ROUTES)))


async def asked(world: World, path: str, *headers: tuple[str, str], method: str = "GET") -> str | int:
    answer = await world.ask(path, *headers, host=HOST, method=method)
    return answer.route or answer.status


async def all_as_they_should_be(world: World) -> None:
    assert await asked(world, "/team-1/app-1") == "app"
    assert await asked(world, "/team-1/app-1?x=/y") == "app"
    assert await asked(world, "/team-1/app-1", method="POST") == "app"
    assert await asked(world, "/team-1/app-1/", method="POST") == "posted"
    assert await asked(world, "/team-1/none") == "team"
    assert await asked(world, "/team-12") == "root"
    assert await asked(world, "/team-12", ("x-kind", "told")) == "told"
    assert await asked(world, "/team-77/a/b/z") == "regex"
    assert await asked(world, "/TEAM-1/app-1") == "root"
    assert await asked(world, "*", method="OPTIONS") == 404


def is_tree(world: World) -> bool:
    tables = world.reconciler.snapshots[GatewayFleet(namespace="infra", name="edge")].of(ROUTE).values()
    hosts = [host for each in tables for host in route_pb2.RouteConfiguration.FromString(each.body).virtual_hosts]
    return any(host.HasField("matcher") for host in hosts if host.name == HOST)


async def test_a_host_answers_the_same_before_and_after_it_has_grown_large(world: World) -> None:
    await world.apply(FEW)
    assert not is_tree(world)
    await all_as_they_should_be(world)
    for each in FILLERS:
        await world.apply(each)
        await all_as_they_should_be(world)
    assert is_tree(world)
    for number in range(ROUTES):
        assert await asked(world, f"/team-{number}/app-7/deep?x") == f"team-{number}-app-7"
    await world.remove(*(f"HTTPRoute shop/filler-{number}" for number in range(ROUTES)))
    await all_as_they_should_be(world)
    assert await asked(world, "/team-3/app-7") == "root"
