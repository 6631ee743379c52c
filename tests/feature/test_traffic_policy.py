"""XBackendTrafficPolicy: budgets for retries, conflicts, statuses. Sessions are in test_session_persistence.py.

https://gateway-api.sigs.k8s.io/geps/gep-3388/
"""

import asyncio
from typing import Any

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RETRYING = """
- retry: {codes: [503], attempts: 1, backoff: 2s}
  backendRefs: [{name: one, port: 80}]
"""
REQUESTS = 10


def policy(constraint: str, *, name: str = "calm", created: str = "2026-01-01", service: str = "one") -> str:
    return f"""---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}T00:00:00Z"}}
spec: {{targetRefs: [{{group: "", kind: Service, name: {service}}}], retryConstraint: {constraint}}}
"""


async def tries(world: World) -> int:
    """Return how often the backend was asked for ten requests at once that each fail the first time."""
    failing = (("x-echo-status", "503"), ("x-echo-fail", "1"))
    await asyncio.gather(
        *(world.ask("/", *failing, ("x-echo-key", str(at)), host="t.example") for at in range(REQUESTS))
    )
    return len(world.backends["one"].requests)


def said(world: World, name: str) -> dict[str, Any]:
    found: Any = world.outcome(f"XBackendTrafficPolicy shop/{name}")
    assert found is not None
    (ancestor,) = found.ancestors
    assert (ancestor.ref.kind, ancestor.ref.namespace, ancestor.ref.name) == ("Gateway", "infra", "edge")
    return {each.type: each for each in ancestor.verdicts}


async def test_retries_beyond_the_budget_are_not_made(world: World) -> None:
    await world.apply(
        http_route("r", RETRYING, host="t.example"),
        policy("{budget: {percent: 0}, minRetryRate: {count: 1, interval: 1s}}"),
    )

    assert REQUESTS < await tries(world) < 2 * REQUESTS


async def test_retries_within_the_budget_are_made(world: World) -> None:
    await world.apply(
        http_route("r", RETRYING, host="t.example"),
        policy("{budget: {percent: 0}, minRetryRate: {count: 10, interval: 1s}}"),
    )

    assert await tries(world) == 2 * REQUESTS


async def test_the_budget_of_another_service_does_not_matter(world: World) -> None:
    await world.apply(
        http_route("r", RETRYING, host="t.example"),
        policy("{budget: {percent: 0}, minRetryRate: {count: 1, interval: 1s}}", service="two"),
    )

    assert await tries(world) == 2 * REQUESTS


async def test_what_is_said(world: World) -> None:
    await world.apply(
        http_route("r", RETRYING, host="t.example"),
        policy("{}"),
        policy("{}", name="late", created="2026-01-02"),
        policy("{}", name="unused", service="two"),
    )

    assert state(said(world, "calm")["Accepted"]) == (True, "Accepted")
    assert "budget.interval" in said(world, "calm")["Accepted"].message
    assert state(said(world, "late")["Accepted"]) == (False, "Conflicted")
    assert world.outcome("XBackendTrafficPolicy shop/unused") is None


async def test_the_next_policy_takes_the_place_of_one_that_went(world: World) -> None:
    await world.apply(
        http_route("r", RETRYING, host="t.example"), policy("{}"), policy("{}", name="late", created="2026-01-02")
    )

    await world.remove("XBackendTrafficPolicy shop/calm")

    assert state(said(world, "late")["Accepted"]) == (True, "Accepted")
