"""What a real Envoy does with TLS: whom it shows which certificate, whom it believes, on both sides."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.x509 import DNSName, UniformResourceIdentifier

from gatewayd.ir.backend import Protocol
from gatewayd.ir.http import DirectResponse, ExactPath, RouteDiscovery, RouteTable, RouteTableKey
from gatewayd.ir.l4 import L4Action
from gatewayd.ir.proxy import FilterChain, HTTPTraffic, L4Traffic, Listener, ProxyConfig, StreamListener
from gatewayd.ir.tls import (
    Certificate,
    ClientTrust,
    ClientValidation,
    DownstreamTLS,
    SanKind,
    SanMatcher,
    SystemTrust,
    TrustBundle,
    UpstreamTLS,
)
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import Answer, ask, backend
from tests.feature.xds_certificates import Authority, client_context, server_context
from tests.feature.xds_rig import Rig, rig, until
from tests.unit.xds.shorthand import (
    cluster,
    config,
    endpoint,
    forward,
    host,
    http_listener,
    l4,
    matching,
    route,
    service,
    table,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

REFUSED = (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError)
MISDIRECTED = DirectResponse(status=421)
BACKEND = "backend.example"
SPIFFE = "spiffe://shop/backend"
ALPN = ("h2", "http/1.1")


@dataclass(frozen=True, slots=True)
class Edge:
    """Envoy with TLS ports by name; `ours` certifies the Gateway and its clients, `theirs` the backends."""

    rig: Rig
    config: ProxyConfig
    port: dict[str, int]
    ours: Authority
    theirs: Authority
    folder: Path

    async def ask(
        self,
        name: str,
        *,
        host: str = "",
        port: str = "tls",
        trust: Authority | None = None,
        shown: Authority | None = None,
    ) -> Answer:
        """Ask over TLS for a server name; `shown` signs the client's certificate."""
        certificate = shown.issue("client.example") if shown else None
        context = client_context(self.folder, trust=trust or self.ours, shown=certificate)
        return await ask(self.port[port], host=host or name, tls=context, server_name=name)


async def test_server_name_chooses_the_chain(edge: Edge) -> None:
    one = await edge.ask("one.example")
    assert (one.one("x-from"), one.seen("x-forwarded-proto")) == ("a", ["https"])
    assert (await edge.ask("x.y.wild.example")).one("x-from") == "b"
    with pytest.raises(REFUSED):
        await edge.ask("unknown.example")


async def test_one_chain_shows_the_certificate_that_fits(edge: Edge) -> None:
    assert (await edge.ask("two.example")).one("x-from") == "a"


async def test_misdirected_request(edge: Edge) -> None:
    assert (await edge.ask("one.example", host="x.wild.example")).status == 421
    assert (await edge.ask("one.example", host="other.example")).status == 404


async def test_terminated_and_passed_through(edge: Edge) -> None:
    assert (await edge.ask("end.example")).one("x-from") == "a"
    assert (await edge.ask(BACKEND, trust=edge.theirs)).one("x-from") == "secure"


async def test_alpn(edge: Edge) -> None:
    context = client_context(edge.folder, trust=edge.ours)
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", edge.port["tls"], ssl=context, server_hostname="one.example")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()


async def test_client_certificates(edge: Edge) -> None:
    assert (await edge.ask("one.example", port="required", shown=edge.ours)).status == 200
    for shown in (None, edge.theirs):
        with pytest.raises(REFUSED):
            await edge.ask("one.example", port="required", shown=shown)
        assert (await edge.ask("one.example", port="insecure", shown=shown)).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/dns", 200), ("/uri", 200), ("/wrong-san", 503), ("/wrong-ca", 503), ("/system", 503), ("/no-client", 503)],
)
async def test_tls_to_backends(edge: Edge, path: str, status: int) -> None:
    assert (await ask(edge.port["http"], path)).status == status


async def test_new_certificate_closes_no_connection(edge: Edge) -> None:
    context = client_context(edge.folder, trust=edge.ours)
    connect = partial(
        asyncio.open_connection, "127.0.0.1", edge.port["tls"], ssl=context, server_hostname="one.example"
    )
    reader, writer = await connect()
    before = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    renewed = edge.ours.issue("one.example")
    listeners = tuple(_with_certificate(each, renewed) for each in edge.config.listeners)
    await edge.rig.apply(replace(edge.config, listeners=listeners))
    assert edge.rig.builder.cost.resources == 1

    async def shown() -> bool:
        _, fresh = await connect()
        fresh.close()
        return bool(fresh.get_extra_info("ssl_object").getpeercert(binary_form=True) != before)

    await until(shown)
    writer.write(b"GET / HTTP/1.1\r\nhost: one.example\r\n\r\n")
    assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_control_plane_over_mutual_tls(tmp_path: Path) -> None:
    key = RouteTableKey(port=free_port(), listener="")
    async with rig(tmp_path, over_tls=True) as made:
        hosts = host("*", route(DirectResponse(status=418)))
        await made.apply(config(listeners=(http_listener(key),), tables=(table(hosts, key=key),)))
        assert (await ask(key.port)).status == 418


def _with_certificate(listener: Listener, renewed: Certificate) -> Listener:
    if not isinstance(listener, StreamListener):
        return listener
    return replace(listener, chains=tuple(_chain_with_certificate(each, renewed) for each in listener.chains))


def _chain_with_certificate(chain: FilterChain, renewed: Certificate) -> FilterChain:
    if chain.tls is None:
        return chain
    certificates = tuple(renewed if each.name == renewed.name else each for each in chain.tls.certificates)
    return replace(chain, tls=replace(chain.tls, certificates=certificates))


def chain(
    name: str, traffic: RouteTableKey | L4Action, *server_names: str, tls: DownstreamTLS | None = None
) -> FilterChain:
    http = (
        HTTPTraffic(table=traffic, discovery=RouteDiscovery.PER_LISTENER, scheme="https")
        if isinstance(traffic, RouteTableKey)
        else None
    )
    carried = http or L4Traffic(action=traffic)
    return FilterChain(name=name, server_names=server_names, tls=tls, traffic=carried)


def ended(*certificates: Certificate, alpn: tuple[str, ...] = ALPN, client: ClientTrust | None = None) -> DownstreamTLS:
    return DownstreamTLS(certificates=certificates, alpn=alpn, client=client)


def backend_tls(
    trust: TrustBundle | SystemTrust, client: Certificate | None, kind: SanKind = SanKind.DNS, name: str = BACKEND
) -> UpstreamTLS:
    return UpstreamTLS(sni="sent.example", trust=trust, names=(SanMatcher(kind=kind, value=name),), client=client)


class Material:
    """The configuration, made of ports and certificates."""

    def __init__(self) -> None:
        self.ours, self.theirs = Authority("ours"), Authority("theirs")
        self.port = {name: free_port() for name in ("tls", "required", "insecure", "http")}
        self.one = RouteTableKey(port=self.port["tls"], listener="one")
        self.wild = RouteTableKey(port=self.port["tls"], listener="wild")
        self.http = RouteTableKey(port=self.port["http"], listener="")
        self.our_trust = TrustBundle(name="shop/ours", certificates=self.ours.pem)
        self.certificate = self.ours.issue("one.example")

    def backend_tls(self) -> dict[str, UpstreamTLS]:
        """Return each way to speak to the one TLS backend, by the path that leads there."""
        trust = TrustBundle(name="shop/theirs", certificates=self.theirs.pem)
        client = self.ours.issue("gateway.example")
        return {
            "dns": backend_tls(trust, client),
            "uri": backend_tls(trust, client, SanKind.URI, SPIFFE),
            "wrong-san": backend_tls(trust, client, name="sent.example"),
            "wrong-ca": backend_tls(self.our_trust, client),
            "system": backend_tls(SystemTrust.SYSTEM, client),
            "no-client": backend_tls(trust, None),
        }

    def tables(self, paths: Iterable[str]) -> tuple[RouteTable, ...]:
        one = (host(name, route(forward("a"))) for name in ("one.example", "two.example"))
        by_path = (route(forward(name), match=matching(ExactPath(value=f"/{name}"))) for name in paths)
        return (
            table(*one, host("*.wild.example", fallback=MISDIRECTED), key=self.one),
            table(host("*.wild.example", route(forward("b"))), key=self.wild),
            table(host("*", *by_path), key=self.http),
        )

    def listeners(self) -> tuple[Listener, ...]:
        wild = self.ours.issue("wild", DNSName("*.wild.example"), DNSName("x.y.wild.example"))
        tcp = {name: l4((service(name, protocol=Protocol.TCP), 1)) for name in ("a", "secure")}
        two = ended(self.certificate, self.ours.issue("two.example"))
        chains = (
            chain("one", self.one, "one.example", "two.example", tls=two),
            chain("wild", self.wild, "*.wild.example", tls=ended(wild)),
            chain("end", tcp["a"], "end.example", tls=ended(self.ours.issue("end.example"), alpn=())),
            chain("through", tcp["secure"], BACKEND),
        )
        checking = {"required": ClientValidation.REQUIRED, "insecure": ClientValidation.INSECURE_FALLBACK}
        return (
            StreamListener(port=self.port["tls"], inspect_tls=True, chains=chains),
            *(self._checking(name, validation) for name, validation in checking.items()),
            http_listener(self.http),
        )

    def _checking(self, name: str, validation: ClientValidation) -> Listener:
        client = ClientTrust(trust=self.our_trust, validation=validation)
        checked = chain(name, self.one, tls=ended(self.certificate, client=client))
        return StreamListener(port=self.port[name], inspect_tls=True, chains=(checked,))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    folder = tmp_path_factory.mktemp("envoy")
    made = Material()
    shown = made.theirs.issue(BACKEND, DNSName(BACKEND), UniformResourceIdentifier(SPIFFE))
    async with AsyncExitStack() as stack:
        plain = {name: (await stack.enter_async_context(backend(name))).port for name in ("a", "b")}
        mutual = await stack.enter_async_context(backend("mutual", server_context(folder, shown, clients=made.ours)))
        passed = await stack.enter_async_context(backend("secure", server_context(folder, shown)))
        tls = made.backend_tls()
        clusters = (
            *(cluster(name, endpoint(at)) for name, at in plain.items()),
            *(cluster(name, endpoint(mutual.port), tls=each) for name, each in tls.items()),
            cluster("a", endpoint(plain["a"]), protocol=Protocol.TCP),
            cluster("secure", endpoint(passed.port), protocol=Protocol.TCP),
        )
        applied = config(listeners=made.listeners(), tables=made.tables(tls), clusters=clusters)
        running = await stack.enter_async_context(rig(folder))
        await running.apply(applied)
        yield Edge(running, applied, made.port, made.ours, made.theirs, folder)
