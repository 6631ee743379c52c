"""RoutePolicy, section globalLimits, with a service that counts: what counts, for whom, and its loss."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness.limiter import Limiter, limiter
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import EDGE as GATEWAY
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ALL = "allowedRoutes: {namespaces: {from: All}}"
BASE = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  infrastructure: {{parametersRef: {{group: "", kind: ConfigMap, name: edge}}}}
  listeners:
  - {{name: http, port: <http>, protocol: HTTP, {ALL}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: edge, namespace: infra}}
data: {{rateLimitService: "{{namespace: infra, name: limits, port: 80, timeout: 1s}}"}}
"""
UNNAMED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: edge, namespace: infra}
data: {replicas: "1"}
"""
SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
OTHER = http_route("other", "- {backendRefs: [{name: two, port: 80}]}", host="other.example")
EDGE = target("Gateway", "edge")


def limited(*limits: str, more: str = "", name: str = "fair", at: str = EDGE, namespace: str = "infra") -> str:
    section = f"default: {{globalLimits: {{limits: [{', '.join(limits)}]{more}}}}}"
    return policy("RoutePolicy", name, at, section, namespace=namespace)


@pytest_asyncio.fixture(loop_scope="module")
async def counting(world: World) -> AsyncIterator[Limiter]:
    async with limiter() as service_of_tests:
        await world.apply(service("limits", service_of_tests.port, namespace="infra"), SHOP, OTHER)
        yield service_of_tests


async def apply(world: World, counting: Limiter, *texts: str) -> None:
    """Apply objects and let the service have what gatewayd has for it."""
    await world.apply(*texts)
    counting.configure(world)


async def statuses(world: World, count: int, *headers: tuple[str, str], path: str = "/", **more: str) -> list[int]:
    return [(await world.ask(path, *headers, **{"host": "shop.example", **more})).status for _ in range(count)]


async def test_all_rules_below_a_policy_count_together_and_the_first_use_drains_nothing(
    world: World, counting: Limiter
) -> None:
    assert await statuses(world, 4) == [200] * 4
    assert counting.asked == []
    before = await drains(world)

    await apply(world, counting, limited("{name: all, requests: 3, unit: Hour}"))

    assert await statuses(world, 2) == [200, 200]
    assert await statuses(world, 2, path="/open") == [200, 429]
    assert await statuses(world, 1, host="other.example") == [429]
    await world.remove("RoutePolicy infra/fair")
    assert await statuses(world, 4) == [200] * 4
    assert await drains(world) == before


async def test_each_address_value_and_route_counts_by_itself(world: World, counting: Limiter) -> None:
    await apply(
        world,
        counting,
        limited(
            "{name: each, requests: 1, unit: Hour, perClient: true, perHeaders: [X-User]}",
            "{name: route, requests: 5, unit: Day, perRoute: true}",
        ),
    )
    ann = ("x-user", "ann")
    assert await statuses(world, 2, ann) == [200, 429]
    assert await statuses(world, 1, ann, source="127.0.0.2") == [200]
    assert await statuses(world, 3) == [200, 200, 429]
    assert await statuses(world, 1, host="other.example") == [200]
    assert set(counting.counted) >= {
        ("infra/fair", "limit", "each", "remote_address", "127.0.0.1", "header(x-user)", "ann"),
        ("infra/fair", "limit", "route", "route", "HTTPRoute/shop/other"),
    }


async def test_claims_of_a_token(world: World, counting: Limiter) -> None:
    provider = Provider()
    given = f"{{name: corp, issuer: '{ISSUER}', audiences: [shop], keys: {{inline: '{provider.keys}'}}}}"
    login = policy("AccessPolicy", "login", EDGE, f"default: {{jwt: {{providers: [{given}]}}}}", namespace="infra")
    await apply(world, counting, login, limited("{name: user, requests: 2, unit: Hour, perClaims: [sub]}"))

    def bearer(name: str) -> tuple[str, str]:
        return "authorization", f"Bearer {provider.token(sub=name)}"

    assert await statuses(world, 2) == [401, 401]
    assert await statuses(world, 3, bearer("ann")) == [200, 200, 429]
    assert await statuses(world, 1, bearer("bob")) == [200]


async def test_a_shadow_counts_and_refuses_nobody(world: World, counting: Limiter) -> None:
    await apply(world, counting, limited("{name: try, requests: 1, unit: Hour, shadow: true}"))
    assert await statuses(world, 3) == [200] * 3
    assert counting.counted == {("infra/fair", "limit", "try"): 3}


async def test_the_cost_that_a_response_tells(world: World, counting: Limiter) -> None:
    cost = "{name: work, requests: 10, unit: Hour, cost: {request: 0, responseHeader: X-Cost}}"
    await apply(world, counting, limited(cost))
    told = ("x-echo-headers", '{"x-cost": "6"}')
    key = ("infra/fair", "limit", "work")
    assert await statuses(world, 1) == [200]
    assert counting.counted[key] == 0
    for spent in (6, 12):
        assert await statuses(world, 1, told) == [200]
        await counting.until(lambda want=spent: counting.counted[key] == want)
    assert await statuses(world, 1) == [429]


async def test_clients_are_told(world: World, counting: Limiter) -> None:
    await apply(world, counting, limited("{name: all, requests: 3, unit: Hour}", more=", tellClients: true"))
    answer = await world.ask("/", host="shop.example")
    assert answer.one("x-ratelimit-remaining") == "2"


@pytest.mark.parametrize(("more", "status"), [("", 200), (", whenUnavailable: Deny", 503)])
async def test_a_service_that_is_gone(world: World, counting: Limiter, more: str, status: int) -> None:
    await apply(world, counting, limited("{name: all, requests: 1, unit: Hour}", more=more))
    assert await statuses(world, 2) == [200, 429]
    before = await allowed(world)
    await counting.stop()
    assert await statuses(world, 2) == [status] * 2
    assert await allowed(world) - before == (2 if status == 200 else 0)


async def allowed(world: World) -> int:
    """Return how many requests the proxy has let go on uncounted, as it tells."""
    return sum((await world.envoys[GATEWAY].stats(r".*ratelimit\.failure_mode_allowed")).values())


@pytest.mark.parametrize(("more", "status", "until"), [("", 200, "uncounted"), (", whenUnavailable: Deny", 500, "500")])
async def test_a_gateway_without_a_service(world: World, counting: Limiter, more: str, status: int, until: str) -> None:
    await apply(world, counting, UNNAMED, limited("{name: all, requests: 1, unit: Hour}", more=more))
    assert await statuses(world, 2) == [status] * 2
    outcome = world.outcome("RoutePolicy infra/fair")
    ((verdict,),) = [each.verdicts for each in outcome.ancestors]
    assert (verdict.status, verdict.reason) == (False, "Invalid")
    assert "spec.default.globalLimits: Gateway infra/edge has no rate limit service" in verdict.message
    assert until in verdict.message
