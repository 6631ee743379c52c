"""What rate limit services are sent, over a stream whose other end is here."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import grpc
import pytest
from envoy.service.discovery.v3 import discovery_pb2
from grpc._cython import cygrpc

from gatewayd.ads import limit_configs, server
from gatewayd.ads.authorize import Peer, Transport
from gatewayd.ads.limit_configs import RateLimitConfigs, RateLimitConfigServer, counts
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.protocol.subscription import ProtocolError
from gatewayd.ads.relay import relay
from gatewayd.ads.relay.upstream import CHANNEL_OPTIONS
from gatewayd.ads.stream_messages import ADS_SERVICE, Context
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.engine import Change
from gatewayd.incremental.view import Member
from gatewayd.ir.global_limits import LimitDomain
from gatewayd.own_group import IDENTITY, RATE_LIMIT_IDENTITY
from gatewayd.rpc.rate_limit_config_pb2 import RateLimitConfig
from tests.unit.xds.filters.test_global_limits import LIMIT

TYPE = "type.googleapis.com/ratelimit.config.ratelimit.v3.RateLimitConfig"
TLS = Peer(transport=Transport.TLS, identities=(RATE_LIMIT_IDENTITY,), node_cluster="")


class Line:
    """The other end of a stream: what it says, and what it hears."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[Any] = asyncio.Queue()
        self.hears: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> Any:
        return await self.says.get()

    async def write(self, data: bytes) -> None:
        self.hears.put_nowait(data)

    def ask(self, url: str = TYPE, **more: Any) -> None:
        self.says.put_nowait(discovery_pb2.DiscoveryRequest(type_url=url, **more).SerializeToString())

    async def heard(self) -> Any:
        async with asyncio.timeout(5):
            return discovery_pb2.DiscoveryResponse.FromString(await self.hears.get())


def change(name: str, requests: int = 5) -> Change:
    limits = (replace(LIMIT, requests=requests),) if requests else ()
    domain = LimitDomain(name=f"shop/{name}", limits=limits) if limits else None
    return Change(member=Member(RoutePolicy, ObjectKey("shop", name)), value=domain)


def domains(response: Any) -> dict[str, int]:
    found = {}
    for each in response.resources:
        config = RateLimitConfig()
        assert each.Unpack(config)
        found[config.domain] = config.descriptors[0].rate_limit.requests_per_unit
    return found


def conversing(configs: RateLimitConfigs, line: Line) -> "asyncio.Task[ProtocolError | None]":
    return asyncio.create_task(configs.converse(cast("Context", line)))


@pytest.mark.parametrize(
    ("peer", "is_served"),
    [
        (TLS, True),
        (replace(TLS, identities=(f"{IDENTITY}infra/gateway/edge",)), False),
        (replace(TLS, identities=(RATE_LIMIT_IDENTITY, RATE_LIMIT_IDENTITY)), False),
        (replace(TLS, identities=()), False),
        (replace(TLS, identities=(), transport=Transport.UNIX), True),
    ],
)
def test_only_who_counts_may_have_all_limits(peer: Peer, *, is_served: bool) -> None:
    denied = counts(peer)
    assert (denied is None) is is_served
    why = f"client certificate: no rate limit service; {RATE_LIMIT_IDENTITY} is allowed"
    assert denied is None or denied.message == why


async def test_a_service_has_what_there_is_and_again_when_it_is_another() -> None:
    configs, line = RateLimitConfigs(), Line()
    configs.hear((change("a"), change("b", 7)))
    line.ask()
    stream = conversing(configs, line)
    first = await line.heard()
    assert (first.type_url, domains(first)) == (TYPE, {"shop/a": 5, "shop/b": 7})
    line.ask(version_info=first.version_info, response_nonce=first.nonce)
    configs.hear(())
    configs.hear((change("a"),))
    configs.hear((change("b", 0), change("a", 9)))
    second = await line.heard()
    assert domains(second) == {"shop/a": 9}
    assert second.version_info != first.version_info
    line.says.put_nowait(grpc.aio.EOF)
    assert await stream is None
    assert line.hears.empty()


async def test_limits_are_the_same_in_whichever_order_policies_came() -> None:
    versions = set()
    for names in ("a", "b", "c"), ("c", "b", "a"):
        configs, line = RateLimitConfigs(), Line()
        configs.hear(map(change, names))
        line.ask()
        stream = conversing(configs, line)
        response = await line.heard()
        assert list(domains(response)) == ["shop/a", "shop/b", "shop/c"]
        versions.add(response.version_info)
        line.says.put_nowait(grpc.aio.EOF)
        assert await stream is None
    assert len(versions) == 1


async def test_nothing_is_said_before_it_is_known_what_there_is() -> None:
    configs, line = RateLimitConfigs(), Line()
    line.ask()
    stream = conversing(configs, line)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stream.done()
    configs.hear(())
    assert domains(await line.heard()) == {}
    # What is as it was by the time that it could be written is not written again.
    configs.hear((change("a"),))
    configs.hear((change("a", 0),))
    for _ in range(5):
        await asyncio.sleep(0)
    assert line.hears.empty()
    line.says.put_nowait(grpc.aio.EOF)
    assert await stream is None


async def test_who_asks_for_something_else_gets_nothing() -> None:
    configs, line = RateLimitConfigs(), Line()
    configs.hear(())
    line.ask("type.googleapis.com/envoy.config.listener.v3.Listener")
    problem = await conversing(configs, line)
    assert isinstance(problem, ProtocolError)
    assert str(problem) == f"type_url: not served here; {TYPE} is allowed"
    line.says.put_nowait(b"\xff")
    assert isinstance(await conversing(configs, line), ProtocolError)


async def test_a_refusal_is_logged_and_ends_nothing() -> None:
    configs, line = RateLimitConfigs(), Line()
    configs.hear((change("a"),))
    line.ask()
    stream = conversing(configs, line)
    await line.heard()
    refusal = discovery_pb2.DiscoveryRequest(type_url=TYPE)
    refusal.error_detail.message = "no\nsuch unit"
    line.says.put_nowait(refusal.SerializeToString())
    configs.hear((change("a", 6),))
    assert domains(await line.heard()) == {"shop/a": 6}
    line.says.put_nowait(grpc.aio.EOF)
    assert await stream is None


async def test_a_stream_that_asks_for_something_else_ends_with_why() -> None:
    with TemporaryDirectory() as folder:
        configs = RateLimitConfigs()
        configs.hear(())
        serving = RateLimitConfigServer(configs, UnixListener(path=Path(folder, "socket")))
        await serving.start()
        async with grpc.aio.insecure_channel(serving.address) as channel:
            call = channel.stream_stream(f"/{ADS_SERVICE}/StreamAggregatedResources")()
            await call.write(discovery_pb2.DiscoveryRequest(type_url="x").SerializeToString())
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert (await call.details()).startswith("type_url: ")
        await serving.stop()


@pytest.mark.parametrize("options", [limit_configs._OPTIONS, server._OPTIONS, CHANNEL_OPTIONS])
def test_who_answers_no_ping_is_given_up_when_it_is_said(options: tuple[tuple[str, int], ...]) -> None:
    """There are two options for it, of which one counts with gRPC 1.85."""
    said = dict(options)
    assert said["grpc.keepalive_timeout_ms"] == said["grpc.http2.ping_timeout_ms"]


@pytest.mark.parametrize("options", [limit_configs._OPTIONS, server._OPTIONS, relay._OPTIONS, CHANNEL_OPTIONS])
def test_grpc_knows_every_option(options: tuple[tuple[str, int], ...]) -> None:
    """It passes over one that it does not know, without a word."""
    library = Path(cygrpc.__file__).read_bytes()
    assert [name for name, _ in options if f"{name}\0".encode() not in library] == []
