"""One Gateway shared by teams: who may attach from where, and who may point at what in other namespaces.

https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces, #referencegrant
"""

import pytest

from tests.feature.harness.manifests import grant, http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: all, port: <all>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: same, port: <same>, protocol: HTTP, allowedRoutes: {namespaces: {from: Same}}}
  - {name: default, port: <default>, protocol: HTTP}
  - name: label
    port: <label>
    protocol: HTTP
    allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {shared: "yes"}}}}
  - name: expression
    port: <expression>
    protocol: HTTP
    allowedRoutes:
      namespaces:
        from: Selector
        selector:
          matchExpressions:
          - {key: team, operator: In, values: [red, blue]}
          - {key: barred, operator: DoesNotExist}
  - name: by-name
    port: <by-name>
    protocol: HTTP
    allowedRoutes:
      namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: shop}}}
"""


def namespace(name: str, **labels: str) -> str:
    text = ", ".join(f'{key}: "{value}"' for key, value in labels.items())
    return f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{text}}}}}\n"


def route(section: str, *, team: str = "shop", to: str = "name: one, port: 80") -> str:
    return http_route(
        f"r-{section}",
        f"- {{filters: [<route:{section}>], backendRefs: [{{{to}}}]}}",
        namespace=team,
        parent=f"name: edge, namespace: infra, sectionName: {section}",
    )


async def status(world: World, section: str) -> int:
    answer = await world.ask(port=section)
    assert answer.status != 200 or answer.said == (200, section, "one")
    return answer.status


@pytest.mark.parametrize(
    ("section", "team", "labels", "allowed"),
    [
        ("all", "shop", {}, True),
        ("same", "shop", {}, False),
        ("default", "shop", {}, False),
        ("label", "shop", {"shared": "yes"}, True),
        ("label", "shop", {"shared": "no"}, False),
        ("label", "shop", {}, False),
        ("expression", "shop", {"team": "red"}, True),
        ("expression", "shop", {"team": "blue"}, True),
        ("expression", "shop", {"team": "green"}, False),
        ("expression", "shop", {"team": "red", "barred": "1"}, False),
        ("expression", "shop", {}, False),
        ("by-name", "shop", {}, True),
    ],
)
async def test_who_is_let_in(world: World, section: str, team: str, labels: dict[str, str], *, allowed: bool) -> None:
    await world.apply(namespace(team, **labels), route(section, team=team))

    assert await status(world, section) == (200 if allowed else 404)
    said = world.route(f"HTTPRoute {team}/r-{section}")
    assert state(said["Accepted"]) == ((True, "Accepted") if allowed else (False, "NotAllowedByListeners"))
    assert state(said["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert world.attached("Gateway infra/edge", section) == int(allowed)


@pytest.mark.parametrize("section", ["all", "same", "default"])
async def test_the_gateways_own_namespace(world: World, section: str) -> None:
    await world.apply(
        grant("g", namespace="shop", of="infra"),
        route(section, team="infra", to="name: one, namespace: shop, port: 80"),
    )

    assert await status(world, section) == 200


async def test_a_label_lets_a_team_in_and_out_live(world: World) -> None:
    await world.apply(namespace("shop"), route("label"))
    assert await status(world, "label") == 404

    await world.apply(namespace("shop", shared="yes"))
    assert await status(world, "label") == 200
    assert state(world.route("HTTPRoute shop/r-label")["Accepted"]) == (True, "Accepted")

    await world.apply(namespace("shop", shared="no"))
    assert await status(world, "label") == 404
    assert state(world.route("HTTPRoute shop/r-label")["Accepted"]) == (False, "NotAllowedByListeners")


async def test_a_label_of_one_namespace_is_nothing_to_another(world: World) -> None:
    await world.apply(namespace("shop"), namespace("other", shared="yes"), route("label"))

    assert await status(world, "label") == 404


async def test_a_selector_that_changes(world: World) -> None:
    await world.apply(namespace("shop", shared="maybe"), route("label"))
    assert await status(world, "label") == 404

    await world.apply(BASE.replace('shared: "yes"', 'shared: "maybe"'))
    assert await status(world, "label") == 200


ABROAD = "name: one, namespace: shop, port: 80"


async def test_a_grant_is_given_and_revoked_live(world: World) -> None:
    await world.apply(route("all", team="team", to=ABROAD))
    assert await status(world, "all") == 500
    assert state(world.route("HTTPRoute team/r-all")["Accepted"]) == (True, "Accepted")
    assert state(world.route("HTTPRoute team/r-all")["ResolvedRefs"]) == (False, "RefNotPermitted")

    await world.apply(grant("g", namespace="shop", of="team"))
    assert await status(world, "all") == 200
    assert state(world.route("HTTPRoute team/r-all")["ResolvedRefs"]) == (True, "ResolvedRefs")

    await world.remove("ReferenceGrant shop/g")
    assert await status(world, "all") == 500
    assert state(world.route("HTTPRoute team/r-all")["ResolvedRefs"]) == (False, "RefNotPermitted")


async def test_revoking_a_grant_stops_connections_that_are_open(world: World) -> None:
    await world.apply(route("all", team="team", to=ABROAD), grant("g", namespace="shop", of="team"))
    connection = await world.connect("all")
    assert (await connection.ask(host="any.example")).said == (200, "all", "one")

    await world.remove("ReferenceGrant shop/g")

    assert (await connection.ask(host="any.example")).status == 500
    await connection.close()


@pytest.mark.parametrize(
    "wrong",
    [
        grant("g", namespace="shop", of="other"),
        grant("g", namespace="team", of="team"),
        grant("g", namespace="shop", of="team", kind="GRPCRoute"),
        grant("g", namespace="shop", of="team", to="Secret"),
        grant("g", namespace="shop", of="team", only="two"),
    ],
    ids=["namespace", "place", "kind", "target", "name"],
)
async def test_grants_that_are_for_something_else(world: World, wrong: str) -> None:
    await world.apply(route("all", team="team", to=ABROAD), wrong)

    assert await status(world, "all") == 500
    assert state(world.route("HTTPRoute team/r-all")["ResolvedRefs"]) == (False, "RefNotPermitted")


async def test_a_grant_by_name(world: World) -> None:
    await world.apply(route("all", team="team", to=ABROAD), grant("g", namespace="shop", of="team", only="one"))

    assert await status(world, "all") == 200


async def test_of_two_grants_one_is_enough(world: World) -> None:
    await world.apply(
        route("all", team="team", to=ABROAD),
        grant("g", namespace="shop", of="team"),
        grant("h", namespace="shop", of="team"),
    )
    await world.remove("ReferenceGrant shop/g")
    assert await status(world, "all") == 200

    await world.remove("ReferenceGrant shop/h")
    assert await status(world, "all") == 500


async def test_whether_a_service_abroad_exists_is_not_told(world: World) -> None:
    await world.apply(route("all", team="team", to="name: missing, namespace: shop, port: 80"))

    said = world.route("HTTPRoute team/r-all")["ResolvedRefs"]
    assert state(said) == (False, "RefNotPermitted")


async def test_teams_share_a_host_by_paths(world: World) -> None:
    def part(team: str, path: str, backend: str) -> str:
        return http_route(
            "part",
            f"- {{matches: [{{path: {{value: {path}}}}}], filters: [<route:{team}>], "
            f"backendRefs: [{{name: {backend}, namespace: shop, port: 80}}]}}",
            namespace=team,
            host="shared.example",
            parent="name: edge, namespace: infra, sectionName: all",
        )

    await world.apply(
        part("cart", "/cart", "one"),
        part("search", "/search", "two"),
        grant("g", namespace="shop", of="cart"),
        grant("h", namespace="shop", of="search"),
    )

    assert (await world.ask("/cart", host="shared.example", port="all")).said == (200, "cart", "one")
    assert (await world.ask("/search", host="shared.example", port="all")).said == (200, "search", "two")
    assert world.attached("Gateway infra/edge", "all") == 2
