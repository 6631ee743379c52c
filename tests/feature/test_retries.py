"""Retries: on which codes, how often, how long apart, and when the connection fails.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouteretry
"""

import time

import pytest

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

FREE = "- {filters: [<route:retry>, <tag:retry>], backendRefs: [{name: one, port: 80}]}"


def retrying(retry: str, more: str = "", backend: str = "one") -> str:
    return http_route(
        "retry",
        f"""
- filters: [<route:retry>, <tag:retry>]
  retry: {{{retry}}}
  {more}
  backendRefs: [{{name: {backend}, port: 80}}]
""",
        host="retry.example",
    )


def failing(status: int, times: int) -> tuple[tuple[str, str], ...]:
    return (("x-echo-status", str(status)), ("x-echo-fail", str(times)), ("x-echo-key", "k"))


@pytest.mark.parametrize(
    ("retry", "status", "failures", "answered", "tries"),
    [
        ("codes: [503], attempts: 2, backoff: 1ms", 503, 0, 200, 1),
        ("codes: [503], attempts: 2, backoff: 1ms", 503, 1, 200, 2),
        ("codes: [503], attempts: 2, backoff: 1ms", 503, 2, 200, 3),
        ("codes: [503], attempts: 2, backoff: 1ms", 503, 3, 503, 3),
        ("codes: [503], attempts: 2, backoff: 1ms", 500, 1, 500, 1),
        ("codes: [500, 502, 503], attempts: 1, backoff: 1ms", 502, 1, 200, 2),
        ("codes: [500, 502, 503], attempts: 1, backoff: 1ms", 504, 1, 504, 1),
        ("codes: [429], attempts: 3, backoff: 1ms", 429, 3, 200, 4),
        ("codes: [503], attempts: 0, backoff: 1ms", 503, 1, 503, 1),
        # One attempt when none is given.
        ("codes: [503], backoff: 1ms", 503, 1, 200, 2),
        ("codes: [503], backoff: 1ms", 503, 2, 503, 2),
        # No codes: only what never reached the backend.
        ("attempts: 3, backoff: 1ms", 503, 1, 503, 1),
        ("attempts: 3, backoff: 1ms", 500, 1, 500, 1),
    ],
)
async def test_codes_and_attempts(
    world: World, retry: str, status: int, failures: int, answered: int, tries: int
) -> None:
    await world.apply(retrying(retry))

    answer = await world.ask("/", *failing(status, failures), host="retry.example")

    assert answer.said == (answered, "retry", "one")
    assert len(world.backends["one"].requests) == tries


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_nothing_is_retried_that_nobody_asked_for(world: World, status: int) -> None:
    await world.apply(http_route("retry", FREE, host="retry.example"))

    answer = await world.ask("/", *failing(status, 1), host="retry.example")

    assert answer.said == (status, "retry", "one")
    assert len(world.backends["one"].requests) == 1


async def test_a_reset_is_not_retried_that_nobody_asked_for(world: World) -> None:
    await world.apply(http_route("retry", FREE, host="retry.example"))

    answer = await world.ask("/", ("x-echo-reset", "1"), ("x-echo-key", "k"), host="retry.example")

    assert (answer.status, answer.route) == (503, "retry")
    assert len(world.backends["one"].requests) == 1


async def test_posts_with_a_body_are_sent_again_whole(world: World) -> None:
    await world.apply(retrying("codes: [503], attempts: 1, backoff: 1ms"))

    answer = await world.ask("/p", *failing(503, 1), host="retry.example", method="POST", body=b"order 66")

    assert answer.said == (200, "retry", "one")
    assert [each.body for each in world.backends["one"].requests] == [b"order 66"] * 2


async def test_the_backoff_is_kept(world: World) -> None:
    await world.apply(retrying("codes: [503], attempts: 3, backoff: 200ms"))
    began = time.monotonic()

    answer = await world.ask("/", *failing(503, 3), host="retry.example")

    # Envoy waits a random time below the interval, which it doubles each time: what is certain is an upper limit.
    assert answer.said == (200, "retry", "one")
    assert time.monotonic() - began < 0.2 + 0.6 + 1.4 + 2


async def test_a_refused_connection_is_tried_at_another_endpoint(world: World) -> None:
    one = world.backends["one"]
    dead, alive = free_port(), one.port
    both = (
        service("half", dead)
        + f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: half-2, namespace: shop, labels: {{kubernetes.io/service-name: half}}}}
addressType: IPv4
ports: [{{name: p0, port: {alive}, protocol: TCP}}]
endpoints: [{{addresses: ["127.0.0.1"]}}]
"""
    )
    await world.apply(both, retrying("attempts: 2, backoff: 1ms", backend="half"))

    for _ in range(30):
        assert (await world.ask("/", host="retry.example")).said == (200, "retry", "one")


async def test_a_refused_connection_without_retries_is_an_error(world: World) -> None:
    await world.apply(
        service("dead", free_port()),
        http_route("retry", FREE.replace("one", "dead"), host="retry.example"),
    )

    answer = await world.ask("/", host="retry.example")

    assert (answer.status, answer.route, answer.backend) == (503, "retry", None)


async def test_a_try_that_times_out_is_retried_when_504_is_among_the_codes(world: World) -> None:
    await world.apply(
        retrying("codes: [504], attempts: 1, backoff: 1ms", "timeouts: {request: 8s, backendRequest: 300ms}")
    )

    answer = await world.ask("/", ("x-echo-hang", "1"), ("x-echo-key", "k"), host="retry.example")

    assert answer.said == (200, "retry", "one")
    assert len(world.backends["one"].requests) == 2


async def test_the_whole_request_has_an_end_whatever_is_retried(world: World) -> None:
    await world.apply(
        retrying("codes: [504], attempts: 5, backoff: 1ms", "timeouts: {request: 500ms, backendRequest: 400ms}")
    )

    answer = await world.ask("/", ("x-echo-hang", "1000"), ("x-echo-key", "k"), host="retry.example")

    assert (answer.status, answer.route, answer.backend) == (504, "retry", None)
    assert len(world.backends["one"].requests) == 2
