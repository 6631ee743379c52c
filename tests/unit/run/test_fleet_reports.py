import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import FleetKey, GatewayFleet, NodeFleet
from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.kube.edition import edition_of
from gatewayd.kube.events import Notice
from gatewayd.kube.fleet_reports import KEY, LABEL, Replica
from gatewayd.kube.refusals import Refusals
from gatewayd.reconciler import fleet_delta
from gatewayd.run.fleet_reports import FleetReports, Hearers
from gatewayd.store import Event
from gatewayd.telemetry.metrics import Metrics
from gatewayd.xds.resource import LISTENER, Snapshot, resource, snapshot
from tests.fakes.api_server import Cluster, api_server
from tests.fakes.skipping_loop import skipping

GATEWAY = GatewayFleet(namespace="shop", name="gw")
NODE = NodeFleet(name="worker")
SYSTEM = "gatewayd-system"
EDITION = edition_of("0.1.0")


class Rig:
    """The reports of replica "one", and what comes of them."""

    def __init__(self, cluster: Cluster) -> None:
        self.submitted: list[Event] = []
        self.warned: list[Notice] = []
        self.reports = FleetReports(
            client=cluster.client,
            replica=Replica(namespace=SYSTEM, name="one", uid="", edition=EDITION),
            metrics=Metrics("0"),
            refusals=Refusals(lambda: 0.0),
            hearers=Hearers(
                submit=self.submitted.extend,
                warn=self.warned.append,
                converged=lambda _fleet: None,
                ended=lambda _ended: None,
                editions=lambda: None,
            ),
            random=lambda: 0.5,
        )

    def publish(self, body: bytes, fleet: FleetKey = GATEWAY) -> Snapshot:
        config = ProxyConfig(fleet=fleet, declared_by=(), address="0.0.0.0", listeners=(), route_tables=(), clusters=())
        made = snapshot(fleet, [resource(LISTENER, "tcp-80", body)])
        self.reports.publish(made, config)
        return made

    def other_has(self, version: str) -> None:
        """Hear from replica "two" that a proxy of its has a version of the listener."""
        said = {KEY: json.dumps({str(GATEWAY): {"connected": 1, "acked": {"tcp-80": version}}})}
        raw = json.dumps({"metadata": {"labels": {LABEL: "replica"}}, "data": said}).encode()
        self.reports.share.hear(ObjectKey(SYSTEM, "two-fleet"), raw)


@asynccontextmanager
async def replica() -> AsyncIterator[Rig]:
    async with api_server() as cluster:
        yield Rig(cluster)


def report(connected: int, *acked: str, refused: str = "") -> FleetReport:
    rejections = (Rejection(type_url=LISTENER, names=("tcp-80",), message=refused),) if refused else ()
    return FleetReport(connected=connected, acked_listeners=frozenset(acked), rejections=rejections)


@skipping
async def test_what_is_published_is_served_and_counts_what_others_have_of_it() -> None:
    async with replica() as rig:
        rig.publish(b"old")
        rig.other_has(resource(LISTENER, "tcp-80", b"new").version)
        assert rig.submitted == [fleet_delta(GATEWAY, report(1))]
        rig.publish(b"new")
        assert rig.reports.fleet.known() == (GATEWAY,)
        assert rig.submitted[1:] == [fleet_delta(GATEWAY, report(1, "tcp-80"))]


@skipping
async def test_a_fleet_that_is_gone_is_served_nothing_and_its_refusals_are_told_anew() -> None:
    async with replica() as rig:
        for _ in range(2):
            rig.publish(b"it")
            rig.reports.local(GATEWAY, report(1, refused="no"))
            rig.reports.local(GATEWAY, report(2, refused="no"))
            rig.reports.retire(GATEWAY)
            assert rig.reports.fleet.known() == ()
            rig.reports.local(GATEWAY, report(0))
        notices = [(each.kind.kind, each.key, each.reason, each.message) for each in rig.warned]
        assert notices == [("Gateway", ObjectKey("shop", "gw"), "ProxyRefused", "a proxy refused tcp-80: no")] * 2


@skipping
async def test_what_a_nodes_proxy_refuses_is_no_event_of_a_gateway() -> None:
    async with replica() as rig:
        rig.publish(b"it", NODE)
        with capture_logs() as lines:
            rig.reports.local(NODE, report(1, refused="no"))
        assert [(each["event"], each["gateway"]) for each in lines] == [("nack", "node:worker")]
        assert rig.warned == []
        assert rig.submitted == [fleet_delta(NODE, report(1, refused="no"))]
