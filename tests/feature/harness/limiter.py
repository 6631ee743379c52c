"""A rate limit service over gRPC that counts in this process, by the configuration that gatewayd has for one.

What it does of the reference service's contract: a limit is found by a path of keys, a value goes before any value; a
descriptor counts 1, or what it says; over the limit is what has counted more; shadow limits refuse nobody.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from envoy.service.ratelimit.v3 import rls_pb2

from gatewayd.ads.limit_configs import RateLimitConfigs, RateLimitConfigServer
from gatewayd.ads.listen import UnixListener
from gatewayd.incremental.view import Member
from gatewayd.translator.proxies.global_limits import LIMIT_DOMAINS
from gatewayd.xds.messages.rate_limit_config import rate_limit_config
from tests.feature.harness.grpcs import RestartingServer, served
from tests.feature.harness.world import World

DEADLINE = 10.0
_SERVICE = "envoy.service.ratelimit.v3.RateLimitService"
_OK, _OVER = rls_pb2.RateLimitResponse.OK, rls_pb2.RateLimitResponse.OVER_LIMIT


class Limiter(RestartingServer):
    """What has been counted and asked; `port` is where it listens. While `is_silent` it answers nobody."""

    def __init__(self) -> None:
        method = grpc.unary_unary_rpc_method_handler(
            self._should_rate_limit,
            request_deserializer=rls_pb2.RateLimitRequest.FromString,
            response_serializer=rls_pb2.RateLimitResponse.SerializeToString,
        )
        super().__init__(grpc.method_handlers_generic_handler(_SERVICE, {"ShouldRateLimit": method}))
        self.counted: Counter[tuple[str, ...]] = Counter()
        self.asked: list[Any] = []
        self.is_silent = False
        self._domains: dict[str, Any] = {}
        self._heard = asyncio.Event()

    def configure(self, world: World) -> None:
        """Take what gatewayd has for a service now."""
        engine = world.reconciler.store.engine
        domains = [
            source.query(engine, Member(source.table, key))
            for source in LIMIT_DOMAINS.sources
            for key, _ in engine.rows(source.table)
        ]
        self._domains = {each.name: rate_limit_config(each) for each in domains if each is not None}

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what is counted: a proxy tells what a response has cost when that is over."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    async def _should_rate_limit(self, request: Any, context: Any) -> Any:
        if self.is_silent:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "as told")
        self.asked.append(request)
        answer = rls_pb2.RateLimitResponse(overall_code=_OK)
        for descriptor in request.descriptors:
            answer.statuses.append(self._status(request, descriptor))
        if any(each.code == _OVER for each in answer.statuses):
            answer.overall_code = _OVER
        self._heard.set()
        return answer

    def _status(self, request: Any, descriptor: Any) -> Any:
        limit, is_shadow = self._limit(request.domain, descriptor)
        if limit is None:
            return rls_pb2.RateLimitResponse.DescriptorStatus(code=_OK)
        hits = descriptor.hits_addend.value if descriptor.HasField("hits_addend") else max(1, request.hits_addend)
        key = (request.domain, *(part for entry in descriptor.entries for part in (entry.key, entry.value)))
        self.counted[key] += hits
        is_over = self.counted[key] > limit.requests_per_unit
        return rls_pb2.RateLimitResponse.DescriptorStatus(
            code=_OVER if is_over and not is_shadow else _OK,
            current_limit=rls_pb2.RateLimitResponse.RateLimit(
                requests_per_unit=limit.requests_per_unit, unit=limit.unit
            ),
            limit_remaining=max(0, limit.requests_per_unit - self.counted[key]),
        )

    def _limit(self, domain: str, descriptor: Any) -> tuple[Any, bool]:
        """Return what is limited at the end of a path, and whether in shadow; None where nothing is."""
        level = self._domains.get(domain)
        for entry in descriptor.entries:
            known = level.descriptors if level is not None else ()
            found = {(each.key, each.value): each for each in known}
            level = found.get((entry.key, entry.value)) or found.get((entry.key, ""))
        if level is None or not level.HasField("rate_limit"):
            return None, False
        return level.rate_limit, level.shadow_mode


@asynccontextmanager
async def limiter() -> AsyncIterator[Limiter]:
    """Serve until the block ends."""
    service = Limiter()
    async with served(service):
        yield service


@asynccontextmanager
async def limits_told(world: World) -> AsyncIterator[Path]:
    """Tell services what gatewayd has for them, over the socket that this gives, whenever it changes."""
    configs = RateLimitConfigs()
    socket = world.socket.parent.parent / "limits" / "socket"
    server = RateLimitConfigServer(configs, UnixListener(path=socket))

    def hear(_batch: Any) -> None:
        configs.hear(world.reconciler.store.engine.drain(LIMIT_DOMAINS))

    hear(None)
    world.hearers.append(hear)
    await server.start()
    try:
        yield socket
    finally:
        world.hearers.remove(hear)
        await server.stop()
