"""Session persistence: of a rule, of a Service by XBackendTrafficPolicy, by cookie and by header.

https://gateway-api.sigs.k8s.io/geps/gep-1619/
"""

import pytest

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

NAMES = ("one", "two", "three")


def crowd(world: World, *names: str, service: str = "crowd") -> str:
    """Return a Service whose endpoints are all of these backends."""
    slices = "".join(
        f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {service}-{name}, namespace: shop, labels: {{kubernetes.io/service-name: {service}}}}}
addressType: IPv4
ports: [{{name: p0, port: {world.backends[name].port}, protocol: TCP}}]
endpoints: [{{addresses: ["127.0.0.1"]}}]
"""
        for name in names or NAMES
    )
    return f"""---
apiVersion: v1
kind: Service
metadata: {{name: {service}, namespace: shop}}
spec: {{ports: [{{name: p0, port: 80}}]}}
{slices}"""


def sessions(persistence: str, *, name: str = "r", path: str = "/", service: str = "crowd", kind: str = "") -> str:
    rule = f"- matches: [{{path: {{value: {path}}}}}]\n  backendRefs: [{{name: {service}, port: 80}}]\n"
    more = f"  sessionPersistence: {persistence}\n" if persistence else ""
    return http_route(name, rule + more, host="s.example", kind=kind or "HTTPRoute")


def policy(persistence: str) -> str:
    return f"""---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {{name: sticky, namespace: shop}}
spec: {{targetRefs: [{{group: "", kind: Service, name: crowd}}], sessionPersistence: {persistence}}}
"""


def cookie(answer: Answer, name: str) -> tuple[tuple[str, str], str]:
    """Return the request header that gives a cookie back, and the attributes that it came with."""
    (found,) = [each for each in answer.all("set-cookie") if each.startswith(f"{name}=")]
    pair, _, attributes = found.partition(";")
    return ("cookie", pair.replace('"', "")), attributes


async def backends(world: World, *headers: tuple[str, str], path: str = "/") -> set[str | None]:
    """Return who answers thirty requests."""
    return {(await world.ask(path, *headers, host="s.example")).backend for _ in range(30)}


async def test_without_persistence_everybody_answers(world: World) -> None:
    await world.apply(crowd(world), sessions(""))

    first = await world.ask("/", host="s.example")

    assert first.all("set-cookie") == []
    assert await backends(world) == set(NAMES)


async def test_a_session_cookie(world: World) -> None:
    await world.apply(crowd(world), sessions("{cookie: {name: seat}}"))

    first = await world.ask("/", host="s.example")
    back, attributes = cookie(first, "seat")

    assert "max-age" not in attributes.lower()
    assert "httponly" in attributes.lower()
    assert await backends(world, back) == {first.backend}
    assert await backends(world) == set(NAMES)
    again = await world.ask("/", back, host="s.example")
    assert again.all("set-cookie") == []


async def test_a_permanent_cookie(world: World) -> None:
    await world.apply(
        crowd(world), sessions("{absoluteTimeout: 1h, cookie: {name: seat, lifetimeType: Permanent, path: /in}}")
    )

    first = await world.ask("/in/side", host="s.example")
    back, attributes = cookie(first, "seat")

    assert "max-age=3600" in attributes.lower()
    assert "path=/in" in attributes.lower()
    assert await backends(world, back, path="/in/side") == {first.backend}
    assert (await world.ask("/out", host="s.example")).all("set-cookie") == []


async def test_a_session_by_header(world: World) -> None:
    await world.apply(crowd(world), sessions("{type: Header, header: {name: x-seat}}"))

    first = await world.ask("/", host="s.example")
    seat = first.one("x-seat")

    assert seat is not None
    assert await backends(world, ("x-seat", seat)) == {first.backend}
    assert await backends(world) == set(NAMES)


async def test_a_session_whose_endpoint_went_gets_another(world: World) -> None:
    await world.apply(crowd(world), sessions("{cookie: {name: seat}}"))
    first = await world.ask("/", host="s.example")
    back, _ = cookie(first, "seat")

    await world.remove(f"EndpointSlice shop/crowd-{first.backend}")

    moved = await world.ask("/", back, host="s.example")
    assert moved.status == 200
    assert moved.backend != first.backend
    new, _ = cookie(moved, "seat")
    assert await backends(world, new) == {moved.backend}


async def test_rules_without_a_name_for_their_cookie_do_not_disturb_each_other(world: World) -> None:
    await world.apply(
        crowd(world),
        sessions("{cookie: {}}", name="a", path="/a"),
        sessions("{cookie: {}}", name="b", path="/b"),
    )

    (of_a,) = (await world.ask("/a", host="s.example")).all("set-cookie")
    (of_b,) = (await world.ask("/b", host="s.example")).all("set-cookie")

    assert of_a.partition("=")[0] != of_b.partition("=")[0]


async def test_sessions_of_a_service(world: World) -> None:
    await world.apply(crowd(world), sessions(""), policy("{cookie: {name: own}}"))

    first = await world.ask("/", host="s.example")
    back, _ = cookie(first, "own")

    assert await backends(world, back) == {first.backend}


async def test_sessions_of_a_service_among_other_backends(world: World) -> None:
    rule = "- backendRefs: [{name: crowd, port: 80}, {name: one, port: 80}]"
    await world.apply(
        crowd(world, "two", "three"), http_route("r", rule, host="s.example"), policy("{cookie: {name: own}}")
    )

    answers = [await world.ask("/", host="s.example") for _ in range(40)]
    kept = next(each for each in answers if each.backend != "one")
    back, _ = cookie(kept, "own")

    assert all(bool(each.all("set-cookie")) == (each.backend != "one") for each in answers)
    assert await backends(world, back) == {"one", kept.backend}


async def test_a_rule_goes_before_the_policy_of_its_backend(world: World) -> None:
    await world.apply(crowd(world), sessions("{cookie: {name: seat}}"), policy("{cookie: {name: own}}"))

    first = await world.ask("/", host="s.example")
    back, _ = cookie(first, "seat")

    assert len(first.all("set-cookie")) == 1
    assert await backends(world, back) == {first.backend}
