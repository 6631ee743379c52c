"""The examples from everyday use that are about teams and their Gateways."""

import pytest

from tests.feature.harness.manifests import service
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "two")


SHARED = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shared, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - name: all
    port: <all>
    protocol: HTTP
    allowedRoutes: {namespaces: {from: All}}
  - name: same
    port: <same>
    protocol: HTTP
    allowedRoutes: {namespaces: {from: Same}}
  - name: teams
    port: <teams>
    protocol: HTTP
    allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {gateway: shared}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: team-a, labels: {gateway: shared}}
---
apiVersion: v1
kind: Namespace
metadata: {name: team-b}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: from-team-a, namespace: shop}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team-a}]
  to: [{group: "", kind: Service}]
"""


def of_team(team: str) -> str:
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web, namespace: {team}}}
spec:
  parentRefs: [{{name: shared, namespace: infra}}]
  hostnames: ["{team}.example"]
  rules:
  - filters: [<tag:{team}>]
    backendRefs: [{{name: one, namespace: shop, port: 80}}]
"""


async def test_one_gateway_shared_by_teams_in_several_namespaces(world: World) -> None:
    await world.apply(SHARED, *(of_team(team) for team in ("team-a", "team-b", "infra", "shop")))
    found = {
        (team, section): (await world.ask(host=f"{team}.example", port=section)).status
        for team in ("team-a", "team-b", "infra", "shop")
        for section in ("all", "same", "teams")
    }

    assert found == {
        # Has the label and the grant.
        ("team-a", "all"): 200,
        ("team-a", "same"): 404,
        ("team-a", "teams"): 200,
        # Has neither.
        ("team-b", "all"): 500,
        ("team-b", "same"): 404,
        ("team-b", "teams"): 404,
        # The Gateway's own namespace, without a grant.
        ("infra", "all"): 500,
        ("infra", "same"): 500,
        ("infra", "teams"): 404,
        # The Service's own namespace needs none.
        ("shop", "all"): 200,
        ("shop", "same"): 404,
        ("shop", "teams"): 404,
    }
    assert (await world.ask(host="team-a.example", port="teams")).said == (200, "team-a", "one")
    assert state(world.route("HTTPRoute team-b/web")["ResolvedRefs"]) == (False, "RefNotPermitted")


DEDICATED = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: own, namespace: {team}}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: http, port: <{team}>, protocol: HTTP}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web, namespace: {team}}}
spec:
  parentRefs: [{{name: own}}]
  rules:
  - filters: [<tag:{team}>]
    backendRefs: [{{name: web, port: 80}}]
"""


async def test_dedicated_gateways(world: World) -> None:
    for team, backend in (("red", "one"), ("blue", "two")):
        await world.apply(service("web", world.backends[backend].port, namespace=team), DEDICATED.format(team=team))

    assert (await world.ask(port="red")).said == (200, "red", "one")
    assert (await world.ask(port="blue")).said == (200, "blue", "two")


async def test_one_route_on_several_gateways(world: World) -> None:
    await world.apply("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: inside, namespace: shop}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: http, port: <inside>, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: both, namespace: shop}
spec:
  parentRefs:
  - {name: edge, namespace: infra}
  - {name: inside}
  rules:
  - filters: [<tag:both>]
    backendRefs: [{name: one, port: 80}]
""")

    assert (await world.ask()).said == (200, "both", "one")
    assert (await world.ask(port="inside")).said == (200, "both", "one")
    assert [each["Accepted"].status for each in world.parents("HTTPRoute shop/both")] == [True, True]
