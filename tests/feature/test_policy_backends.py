"""BackendPolicy with a real Envoy and real backends: limits, health, who gets a request, and who takes over."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gatewayd.explain.action import Forwarded
from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Taken, Translated, traces
from gatewayd.ir.limits import GATE_SECONDS
from tests.feature.harness import http1
from tests.feature.harness.echo import Seen
from tests.feature.harness.manifests import GATEWAY, TCP_LISTENER, http_route, service
from tests.feature.harness.policies import EDGE, drains, policy, target
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

POOL = target("Service", "pool")
DEAD = 1
"""Nothing listens on port 1 (tcpmux)."""
ROUTE = http_route("r", "- {backendRefs: [{name: pool, port: 80}]}", host="r.example")
DEADLINE = 10.0


def pool(*ports: int, name: str = "pool") -> str:
    """Return a Service with an endpoint for each of these ports of this machine."""
    slices = (
        f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-{at}, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: p0, port: {port}, protocol: TCP}}]
endpoints: [{{addresses: [127.0.0.1]}}]
"""
        for at, port in enumerate(ports, 1)
    )
    of_service = service(name).partition("---")[0]
    return of_service + "".join(slices)


def both(world: World) -> str:
    return pool(world.backends["one"].port, world.backends["two"].port)


def backend_policy(sections: str, at: str = POOL, *, name: str = "calm", namespace: str = "shop") -> str:
    return policy("BackendPolicy", name, at, sections, namespace=namespace)


async def answers(world: World, count: int, *headers: tuple[str, str], path: str = "/", **more: Any) -> Counter[str]:
    """Return how many answers came from each backend, or with each status of the proxy itself."""
    found = [await world.ask(path, *headers, host="r.example", **more) for _ in range(count)]
    return Counter(each.said[2] or str(each.status) for each in found)


def is_waiting(requests: list[Seen]) -> bool:
    """Tell whether the request that waits has come: late checks of endpoints may come before it."""
    return any(each.all("x-echo-wait") for each in requests)


async def until(world: World, wanted: set[str], count: int = 6) -> None:
    """Wait until so many requests get answers of all these backends (or statuses), and of no others."""
    async with asyncio.timeout(DEADLINE):
        while set(await answers(world, count)) != wanted:  # each answer gives way to others
            pass


def foretold(world: World) -> tuple[str, ...]:
    """Return the endpoints that explain names for the route."""
    translated = Translated(engine=world.reconciler.store.engine, configs=tuple(world.reconciler.configs.values()))
    sent = Sent(scheme="http", method="GET", host="r.example", target="/", headers=())
    (trace,) = traces(translated, sent, world.port("http"))
    assert isinstance(trace.end, Taken)
    assert isinstance(trace.end.happening, Forwarded)
    (share,) = trace.end.happening.shares
    assert share.problem == ""
    return share.endpoints


async def test_what_is_beyond_the_limits_gets_a_503_and_no_listener_drains(world: World) -> None:
    one = world.backends["one"]
    await world.apply(pool(one.port), ROUTE)
    before = await drains(world)
    await world.apply(backend_policy("default: {limits: {requests: 1}}"))
    waiting = asyncio.create_task(world.ask("/", ("x-echo-wait", "1"), host="r.example"))
    await one.received(is_waiting)
    assert await answers(world, 3) == {"503": 3}
    one.gate.set()
    assert (await waiting).status == 200
    assert await answers(world, 3) == {"one": 3}
    assert await drains(world) == before
    one.gate.clear()


async def test_a_policy_of_a_gateway_is_replaced_by_that_of_a_service_and_back(world: World) -> None:
    one = world.backends["one"]
    wide = backend_policy("default: {limits: {requests: 1}}", target("Gateway", "edge"), namespace="infra")
    await world.apply(pool(one.port), ROUTE, wide, backend_policy("default: {limits: {mode: Disabled}}"))
    waiting = asyncio.create_task(world.ask("/", ("x-echo-wait", "1"), host="r.example"))
    await one.received(is_waiting)
    assert await answers(world, 1) == {"one": 1}
    one.gate.set()
    await waiting
    one.gate.clear()


async def test_an_endpoint_that_refuses_is_left_out_and_never_more_than_half(world: World) -> None:
    passive = "default: {passiveHealth: {consecutiveGatewayErrors: 1, interval: 50ms, baseEjection: 1h}}"
    await world.apply(pool(world.backends["one"].port, DEAD), ROUTE, backend_policy(passive))
    await until(world, {"one"})
    await world.apply(pool(DEAD))
    assert await answers(world, 3) == {"503": 3}
    await world.apply(pool(world.backends["two"].port))
    await until(world, {"two"})


@pytest.mark.parametrize("way", ["tcp: {}", "http: {path: /healthz}"])
async def test_endpoints_that_do_not_answer_get_nothing(world: World, way: str) -> None:
    active = f"default: {{activeHealth: {{{way}, interval: 50ms, unhealthyAfter: 1, healthyAfter: 1}}}}"
    await world.apply(pool(world.backends["one"].port, DEAD), ROUTE, backend_policy(active))
    await until(world, {"one"}, count=10)
    if "http" in way:
        asked = [each for each in world.backends["one"].requests if each.path == "/healthz"]
        assert {each.all("host")[0] for each in asked} == {"localhost"}


async def test_a_check_that_all_fail_stops_nobody_unless_that_is_asked_for(world: World) -> None:
    wrong = "activeHealth: {http: {path: /, statuses: [204]}, interval: 50ms, unhealthyAfter: 1}"
    await world.apply(both(world), ROUTE, backend_policy(f"default: {{{wrong}}}"))
    await until(world, {"one", "two"})
    await world.apply(backend_policy(f"default: {{{wrong}, loadBalancing: {{panicPercent: 0}}}}"))
    await until(world, {"503"})
    await world.remove("BackendPolicy shop/calm")
    await until(world, {"one", "two"})


async def test_a_backend_whose_first_check_lasts_holds_no_other_backend_up(world: World) -> None:
    """Envoy ACKs no cluster while one of them waits for its first check."""
    one, two = (world.backends[each].port for each in ("one", "two"))
    async with silent() as port:
        lasting = "default: {activeHealth: {http: {path: /}, timeout: 1h, interval: 1h}}"
        world.put("\n---\n".join((pool(port), ROUTE, backend_policy(lasting))))
        for number, backend in enumerate((two, one, two)):
            name = f"quick-{number}"
            route = http_route(name, f"- {{backendRefs: [{{name: {name}, port: 80}}]}}", host=f"{name}.example")
            world.put("\n---\n".join((pool(backend, name=name), route)))
            async with asyncio.timeout(2 * GATE_SECONDS):
                while (answer := await world.ask("/", host=f"{name}.example")).status != 200:
                    assert answer.status == 404
            assert answer.said[2] == ("two", "one", "two")[number]


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """Have somebody who takes connections and never answers; yield the port."""

    async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    port = free_port()
    server = await asyncio.start_server(wait, "127.0.0.1", port)
    try:
        yield port
    finally:
        server.close()


async def test_the_next_service_takes_over_and_gives_back(world: World) -> None:
    spare = pool(world.backends["three"].port, name="spare")
    over = backend_policy("default: {failover: {services: [{name: spare, port: 80}]}}")
    await world.apply(pool(world.backends["one"].port), spare, ROUTE, over)
    assert await answers(world, 4) == {"one": 4}
    await world.apply(service("pool"))
    await world.remove("EndpointSlice shop/pool-1")
    assert await answers(world, 4) == {"three": 4}
    assert foretold(world) == (f"127.0.0.1:{world.backends['three'].port}",)
    await world.apply(pool(world.backends["two"].port))
    assert await answers(world, 4) == {"two": 4}


async def test_who_is_unhealthy_is_taken_over_from(world: World) -> None:
    spare = pool(world.backends["three"].port, name="spare")
    sections = """
default:
  failover: {services: [{name: spare, port: 80}]}
  activeHealth: {tcp: {}, interval: 50ms, unhealthyAfter: 1}
"""
    await world.apply(pool(DEAD), spare, ROUTE, backend_policy(sections))
    await until(world, {"three"})


@pytest.mark.parametrize("kind", ["RingHash", "Maglev"])
async def test_what_is_equal_goes_to_the_same_endpoint(world: World, kind: str) -> None:
    hashed = f"default: {{loadBalancing: {{type: {kind}, hashOn: [{{type: Header, name: X-User}}]}}}}"
    await world.apply(both(world), ROUTE, backend_policy(hashed))
    users = [("x-user", f"user-{at}") for at in range(16)]
    found = [set(await answers(world, 4, user)) for user in users]
    assert all(len(each) == 1 for each in found)
    assert {name for each in found for name in each} == {"one", "two"}


@pytest.mark.parametrize(
    ("source", "paths", "sources"),
    [
        ("{type: Query, name: q}", [f"/?q={at}" for at in range(16)], ["127.0.0.1"]),
        ("{type: Address}", ["/"], [f"127.0.0.{at}" for at in range(1, 17)]),
    ],
)
async def test_what_else_may_be_hashed(world: World, source: str, paths: list[str], sources: list[str]) -> None:
    hashed = f"default: {{loadBalancing: {{type: Maglev, hashOn: [{source}]}}}}"
    await world.apply(both(world), ROUTE, backend_policy(hashed))
    found = [set(await answers(world, 3, path=path, source=at)) for path in paths for at in sources]
    assert all(len(each) == 1 for each in found)
    assert {name for each in found for name in each} == {"one", "two"}


async def test_a_cookie_is_given_and_kept(world: World) -> None:
    hashed = "default: {loadBalancing: {type: Maglev, hashOn: [{type: Cookie, name: seat, ttl: 1h}]}}"
    await world.apply(both(world), ROUTE, backend_policy(hashed))
    first = await world.ask("/", host="r.example")
    given = first.one("set-cookie") or ""
    assert given.startswith("seat=")
    assert "Max-Age=3600" in given
    cookie = given.partition(";")[0]
    found = await answers(world, 6, ("cookie", cookie))
    assert found == {first.said[2]: 6}


async def test_a_backend_is_told_by_the_proxy_protocol_whose_connection_it_is(world: World) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard.put(await reader.readline())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    port = free_port()  # nobody had it before: an Envoy of another test may still look for who was there
    async with await asyncio.start_server(listen, "127.0.0.1", port):
        await world.apply(pool(port), ROUTE, backend_policy("default: {connection: {proxyProtocol: V1}}"))
        assert (await world.ask("/", host="r.example", source="127.0.0.5")).status == 200
        assert (await asyncio.wait_for(heard.get(), DEADLINE)).startswith(b"PROXY TCP4 127.0.0.5 ")


async def test_tcp_is_hashed_by_address(world: World) -> None:
    """Nothing of a request is there to be hashed."""
    hashed = "default: {loadBalancing: {type: Maglev, hashOn: [{type: Header, name: x}, {type: Address}]}}"
    route = http_route(
        "t",
        "- {backendRefs: [{name: pool, port: 80}]}",
        kind="TCPRoute",
        parent="name: edge, namespace: infra, sectionName: tcp",
    )
    await world.apply(GATEWAY + TCP_LISTENER, both(world), route, backend_policy(hashed))
    names = Counter([(await http1.ask(world.port("tcp"), "/", host="any.example")).said[2] for _ in range(6)])
    assert list(names.values()) == [6]


async def test_the_rest_is_taken(world: World) -> None:
    sections = """
default:
  loadBalancing: {type: RoundRobin, slowStart: 1s, panicPercent: 30}
  limits: {connections: 10, pendingRequests: 10, connectionsPerEndpoint: 5, requestsPerConnection: 3}
  connection: {connectTimeout: 1s, idleTimeout: 10s, tcpKeepalive: {idle: 10s, interval: 5s, probes: 2}}
  activeHealth: {grpc: {service: shop.Cart}, port: 9, interval: 1h, timeout: 1s}
  http2: {maxConcurrentStreams: 10, keepalive: {interval: 10s, timeout: 1s}, streamWindowBytes: 65535}
  dns: {family: All, refresh: 10s}
"""
    outside = """---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: {name: outside, namespace: shop}
spec: {type: ExternalHostname, externalHostname: {hostname: localhost}, port: {number: 80}}
"""
    to_outside = http_route(
        "o",
        "- {backendRefs: [{group: gateway.networking.x-k8s.io, kind: XBackend, name: outside}]}",
        host="o.example",
    )
    at_all = target("Gateway", "edge")
    await world.apply(
        both(world), outside, ROUTE, to_outside, backend_policy(sections, at_all, namespace="infra", name="all")
    )
    assert world.rejections() == ()
    stats = await world.envoys[EDGE].stats("cluster_manager.(cds.update_rejected|warming_clusters)")
    assert set(stats.values()) == {0}


async def test_what_is_said(world: World) -> None:
    lost = backend_policy("default: {failover: {services: [{name: gone, port: 80}]}, limits: {requests: 3}}")
    await world.apply(both(world), ROUTE, lost)
    found: Any = world.outcome("BackendPolicy shop/calm")
    (ancestor,) = found.ancestors
    assert (ancestor.ref.kind, ancestor.ref.name) == ("Service", "pool")
    (accepted,) = ancestor.verdicts
    assert (accepted.status, accepted.reason) == (False, "Invalid")
    assert accepted.message == (
        'spec.default.failover.services[0]: Service "shop/gone" does not exist; left out until then'
    )
    assert await answers(world, 1) in ({"one": 1}, {"two": 1})
    await world.apply(backend_policy("default: {limits: {requests: 3}}", target("Service", "pool", "web")))
    found = world.outcome("BackendPolicy shop/calm")
    assert found.ancestors[0].verdicts[0].reason == "TargetNotFound"
    assert "ports: p0" in found.ancestors[0].verdicts[0].message
