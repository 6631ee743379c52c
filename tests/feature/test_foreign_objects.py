"""What people write for Envoy Gateway, in a real Envoy: it refuses nothing, and answers 500 where a row says so."""

import pytest

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import CODE_ALLOWED, foreign, target
from tests.feature.harness.world import World
from tests.unit.foreign_objects import ROWS, SECRETS, closes

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

OF_ROUTES = tuple(row for row in ROWS if row.kind != "ClientTrafficPolicy")
OF_CLIENTS = tuple(row for row in ROWS if row.kind == "ClientTrafficPolicy")


async def test_rows_of_routes_side_by_side(world: World) -> None:
    routes = [
        http_route(row.name, "- {backendRefs: [{name: one, port: 80}]}", host=f"{row.name}.example") for row in ROWS
    ]
    policies = [foreign(row.kind, row.name, target("HTTPRoute", row.name), **row.spec) for row in OF_ROUTES]
    secrets = SECRETS.replace("kind: Secret", "apiVersion: v1\nkind: Secret")
    await world.apply(CODE_ALLOWED, *routes, *policies, secrets, service("cart", world.backends["two"].port))
    for row in OF_ROUTES:
        status = (await world.ask("/", host=f"{row.name}.example")).status
        assert (status == 500) is closes(row), (row.name, status)


@pytest.mark.parametrize("row", OF_CLIENTS, ids=lambda row: row.name)
async def test_rows_of_clients_one_by_one(world: World, row: object) -> None:
    [chosen] = (each for each in OF_CLIENTS if each == row)
    policy = foreign(chosen.kind, chosen.name, target("Gateway", "edge"), namespace="infra", **chosen.spec)
    await world.apply(http_route("shop", "- {backendRefs: [{name: one, port: 80}]}", host="shop.example"), policy)
    assert ((await world.ask("/", host="shop.example")).status == 500) is closes(chosen)
