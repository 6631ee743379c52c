"""The ports of a replica: ADS, health, metrics, and those that `gatewayd status` asks.

Builds the servers out of what answers them; decides nothing.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, assert_never

from gatewayd.ads.authorize import UNLISTED, Incarnation, Unlisted, bound
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.limit_configs import RateLimitConfigs, RateLimitConfigServer
from gatewayd.ads.listen import TlsListener, UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.infra import layout
from gatewayd.introspection.places import without_files
from gatewayd.introspection.replica_status import Insight
from gatewayd.introspection.server import Answers, handlers, on_loopback
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.infrastructure import Autoscaled, External, Fixed, Infrastructure
from gatewayd.reconciler import Reconciler
from gatewayd.run.replica_page import PageOnDemand, ReplicaPage
from gatewayd.run.serve_options import ServeOptions
from gatewayd.run.trust import Trust
from gatewayd.supervisor.runtime_folder import runtime_folder
from gatewayd.telemetry import http_pages
from gatewayd.telemetry.metrics import CONTENT_TYPE, Metrics

SOCKET: Final = "xds/socket"


class ReplicaPorts:
    """What a replica listens on, once `listening` has been entered."""

    _server: AdsServer | None = None

    def __init__(
        self,
        *,
        options: ServeOptions,
        trust: Trust,
        reconciler: Reconciler,
        fleet: Fleet,
        metrics: Metrics,
        notices: Callable[[], tuple[str, ...]],
    ) -> None:
        """`notices` tells what else is to be said beside the overview."""
        self._options = options
        self._trust = trust
        self._reconciler = reconciler
        self._fleet = fleet
        self._metrics = metrics
        self._notices = notices
        self.limits = RateLimitConfigs()

    def review(self) -> None:
        """End the streams of Gateways that are gone."""
        if self._server is not None:
            self._server.review()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for ADS, limits, health and metrics, and where `gatewayd status` asks: a socket, and loopback."""
        insight = Insight(
            reconciler=self._reconciler, fleet=self._fleet, where=self._where(), notices=self._told_beside
        )
        async with AsyncExitStack() as stack:
            runtime = stack.enter_context(runtime_folder(None))
            listeners = (
                TlsListener(host="[::]", port=self._options.xds_port, certificates=self._trust.certificates),
                UnixListener(path=runtime / SOCKET),
            )
            page = ReplicaPage(reconciler=self._reconciler, fleet=self._fleet, insight=insight)
            opened = PageOnDemand(page, stack)
            answers = Answers(insight.status, without_files, insight.answers, opened.address)
            authorizer = bound(self._incarnation)
            server = AdsServer(
                self._fleet, listeners, authorizer=authorizer, replicas=self._replicas, others=handlers(answers)
            )
            self._server = server
            async with self._served(server), self._told(), on_loopback(answers, layout.INTROSPECTION_PORT):
                yield

    def _incarnation(self, gateway: GatewayFleet) -> Incarnation | Unlisted | None:
        """Return which object a Gateway is."""
        if self._reconciler.store.waiting_for:
            return UNLISTED
        row = self._reconciler.store.engine.get(Gateway, ObjectKey(gateway.namespace, gateway.name))
        if row is None:
            return None
        return Incarnation(uid=row.metadata.uid, created=row.metadata.creation_timestamp)

    def _replicas(self, gateway: FleetKey) -> int | None:
        """Return how many proxies a Gateway may have; None where that is the cluster's to say, or somebody else's."""
        if not isinstance(gateway, GatewayFleet):
            return None
        wanted = self._reconciler.wanted(ObjectKey(gateway.namespace, gateway.name))
        if not isinstance(wanted, Infrastructure) or wanted.parameters.workload != "Deployment":
            return None
        match wanted.parameters.scaling:
            case Fixed(replicas=replicas):
                return replicas
            case Autoscaled(most=most):
                return most
            case External():
                return None
            case scaling:
                assert_never(scaling)

    def _where(self) -> str:
        return f"the cluster (replica {self._options.identity})"

    def _told_beside(self) -> tuple[str, ...]:
        unsynced = (f"{kind}: not listed yet" for kind in sorted(self._reconciler.store.waiting_for))
        return (*unsynced, *self._notices())

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """Let rate limit services have the limits of all policies."""
        listener = TlsListener(host="[::]", port=layout.LIMITS_PORT, certificates=self._trust.certificates)
        server = RateLimitConfigServer(self.limits, listener)
        try:
            await server.start()
            yield
        finally:
            await server.stop()

    @asynccontextmanager
    async def _served(self, server: AdsServer) -> AsyncIterator[None]:
        health = http_pages.health_pages(lambda: tuple(sorted(self._reconciler.store.waiting_for)))
        metrics = http_pages.metrics_pages(self._metrics.text, CONTENT_TYPE)
        try:
            await server.start()
            async with (
                http_pages.served(health, host=None, port=layout.HEALTH_PORT),
                http_pages.served(metrics, host=None, port=layout.METRICS_PORT),
            ):
                yield
        finally:
            await server.stop(grace=1.0)
