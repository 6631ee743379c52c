"""Route discovery per host answers as route discovery per listener does, whatever a client calls the host."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import DirectResponse, HostGroup, Mirror, PrefixPath, RouteDiscovery, RouteTableKey, VirtualHost
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.xds.filters.scope import HEADER
from gatewayd.xds.resource import ROUTE
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import DEADLINE, Answer, Backend, ask, backend
from tests.feature.xds_rig import Rig, rig
from tests.unit.xds.shorthand import (
    cluster,
    config,
    endpoint,
    forward,
    host,
    http_listener,
    matching,
    route,
    service,
    table,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BOTH = (RouteDiscovery.PER_LISTENER, RouteDiscovery.PER_HOST)

HOSTS = (
    host("*", route(forward("c"), match=matching(PrefixPath(value="/any")), name="any")),
    host("*.example", route(forward("b"), name="wild")),
    host("*.deep.example", route(forward("c"), name="deep")),
    host("a.example", route(forward("a"), match=matching(PrefixPath(value="/only")), name="a")),
    host("empty.example"),
    host("mirrored.example", route(forward("a", mirrors=(Mirror(backend=service("b"), parts_per_million=1_000_000),)))),
    host("refused.example", fallback=DirectResponse(status=421)),
    host("xn--bcher-kva.example", route(forward("a"), name="idn")),
)

NAMES = (
    "a.example",
    "A.Example",
    "a.example:8080",
    "A.EXAMPLE:80",
    "a.example:",
    "a.example:x",
    "a.example.",
    "A.Example.:80",
    "x.y.example.",
    "a.example:80@b.example",
    "a.example:b.example",
    "a.example:99999",
    "u@a.example",
    "a.example,b.example",
    "a.example:80:81",
    "b.example",
    "B.EXAMPLE:1",
    "x.y.example",
    "x.deep.example",
    "X.DEEP.example:9",
    "deep.example",
    "example",
    "empty.example",
    "EMPTY.example",
    "refused.example",
    "Refused.Example:443",
    "xn--bcher-kva.example",
    "other.test",
    "other.test:8080",
    "127.0.0.1",
    "[::1]",
    "[::1]:80",
    "*",
    "*.example",
    "%41.example",
    "-",
)
PATHS = ("/", "/only", "/only/more?x=1", "/any", "/any/a%20b")


@dataclass(frozen=True, slots=True)
class Pair:
    """One Envoy that has the same table twice, each by one discovery."""

    rig: Rig
    ports: dict[RouteDiscovery, int]
    config: ProxyConfig

    async def ask(self, discovery: RouteDiscovery, path: str, *headers: tuple[str, str], **more: str) -> Answer:
        return await ask(self.ports[discovery], path, *headers, **more)


def served(ports: dict[RouteDiscovery, int], at: dict[str, Backend], *hosts: VirtualHost) -> ProxyConfig:
    keys = [(RouteTableKey(port=port, listener=""), discovery) for discovery, port in ports.items()]
    return config(
        listeners=tuple(http_listener(key, discovery) for key, discovery in keys),
        tables=tuple(table(*hosts, key=key, discovery=discovery) for key, discovery in keys),
        clusters=tuple(cluster(name, endpoint(each.port)) for name, each in at.items()),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    ports = {each: free_port() for each in BOTH}
    async with backend("a") as a, backend("b") as b, backend("c") as c, rig(tmp_path_factory.mktemp("envoy")) as made:
        wanted = served(ports, {"a": a, "b": b, "c": c}, *HOSTS)
        await made.apply(wanted)
        yield Pair(made, ports, wanted)


def told(answer: Answer) -> tuple[object, ...]:
    """Return what a client and a backend can tell apart; the header that only one discovery needs must not be there."""
    if answer.status != 200:
        return (answer.status, answer.body)
    seen = {name for name, _ in answer.echo["headers"]}
    return (answer.status, answer.echo["backend"], answer.echo["path"], answer.seen("host"), sorted(seen))


@pytest.mark.parametrize("name", NAMES)
async def test_every_way_to_name_a_host_leads_to_the_same_route(pair: Pair, name: str) -> None:
    for path in PATHS:
        whole, split = [await pair.ask(each, path, host=name) for each in BOTH]
        assert told(whole) == told(split), path


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "DELETE"])
async def test_other_methods(pair: Pair, method: str) -> None:
    for name in ("a.example", "b.example", "other.test", "EMPTY.example"):
        whole, split = [await pair.ask(each, "/any", host=name, method=method) for each in BOTH]
        assert told(whole) == told(split)


@pytest.mark.parametrize("name", ["a.example", "A.example", "b.example", "other.test"])
async def test_http_1_0_and_absolute_targets(pair: Pair, name: str) -> None:
    for path, version in (("/only", "1.0"), (f"http://{name}/only", "1.1"), (f"http://{name}:8080/any", "1.1")):
        whole, split = [await pair.ask(each, path, host=name, version=version) for each in BOTH]
        assert told(whole) == told(split)


async def test_the_key_is_not_for_clients_to_choose_nor_for_backends_to_see(pair: Pair) -> None:
    lie = (HEADER, f"{pair.ports[RouteDiscovery.PER_HOST]}:b.example")
    answer = await pair.ask(RouteDiscovery.PER_HOST, "/only", lie, lie, host="a.example")
    assert (answer.echo["backend"], answer.seen(HEADER)) == ("a", [])
    wild = await pair.ask(RouteDiscovery.PER_HOST, "/only", lie, host="WWW.example")
    assert (wild.echo["backend"], wild.seen(HEADER)) == ("b", [])


@pytest.mark.parametrize("name", ["a.example", "A.EXAMPLE", "b.example"])
async def test_connections_may_be_upgraded(pair: Pair, name: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", pair.ports[RouteDiscovery.PER_HOST])
    upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    writer.write(f"GET /only HTTP/1.1\r\nhost: {name}\r\n{upgrade}\r\n".encode())
    async with asyncio.timeout(DEADLINE):
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"ping")
        echoed = await reader.readexactly(4)
    writer.close()
    assert (head.split(b" ")[1], echoed) == (b"101", b"ping")


async def test_unknown_grpc_hosts_are_answered_in_the_words_of_grpc(pair: Pair) -> None:
    for name in ("a.example", "other.test", "empty.example"):
        found = [await pair.ask(each, "/none", ("content-type", "application/grpc"), host=name) for each in BOTH]
        whole, split = [(each.status, each.one("grpc-status")) for each in found]
        assert whole == split == (200, "12")


async def test_a_change_of_a_host_sends_its_group(pair: Pair) -> None:
    before = pair.rig.builder.build(pair.config)
    tables = [
        table(
            *(host("a.example", route(forward("b"))) if each.domain == "a.example" else each for each in HOSTS),
            key=one.key,
            discovery=one.discovery,
        )
        for one in pair.config.route_tables
    ]
    changed = config(listeners=pair.config.listeners, tables=tuple(tables), clusters=pair.config.clusters)
    after = pair.rig.builder.build(changed)
    try:
        await pair.rig.apply(changed)
        answer = await pair.ask(RouteDiscovery.PER_HOST, "/", host="A.example")
        assert answer.echo["backend"] == "b"
    finally:
        await pair.rig.apply(pair.config)
    old = before.of(ROUTE)
    sent = {name for name, each in after.of(ROUTE).items() if old.get(name) != each}
    per_listener, per_host = (pair.ports[each] for each in BOTH)
    group = HostGroup(table=RouteTableKey(port=per_host, listener=""), number=group_number("a.example"))
    assert sent == {str(per_listener), str(group)}
