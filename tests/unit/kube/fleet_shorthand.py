"""What proxies of one Gateway have, and how replicas tell each other of it, in a few words."""

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, Rejection, StandingRefusal
from gatewayd.ir.proxy import Declared
from gatewayd.kube import fleet_merge
from gatewayd.kube.fleet_budget import Share
from gatewayd.kube.fleet_merge import Published
from gatewayd.xds.resource import CLUSTER, LISTENER, Snapshot, resource, snapshot

GATEWAY = GatewayFleet(namespace="shop", name="gw")
BAD = Rejection(type_url=CLUSTER, names=("c",), message="no such thing")


def published(*, listener: bytes = b"new", cluster: bytes = b"new") -> Snapshot:
    found = (
        resource(LISTENER, "tcp-80", listener),
        resource(LISTENER, "tcp-81", b"same"),
        resource(CLUSTER, "c", cluster),
    )
    return snapshot(GATEWAY, found)


DECLARED = (Declared(uid="gw-uid", generation=3),)
GENERATIONS = {"gw-uid": 3}


def share(report: FleetReport, snapshot: Snapshot | None, declared_by: tuple[Declared, ...] = ()) -> Share:
    wanted = None if snapshot is None else Published(snapshot=snapshot, declared_by=declared_by)
    return fleet_merge.share_of(report, wanted)


def report(
    connected: int, *listeners: str, rejections: tuple[Rejection, ...] = (), standing: tuple[StandingRefusal, ...] = ()
) -> FleetReport:
    acked = frozenset(listeners)
    return FleetReport(connected=connected, acked_listeners=acked, rejections=rejections, standing=standing)


def standing(proxies: int, of: int, name: str = "c", message: str = "no such thing") -> tuple[StandingRefusal, ...]:
    return (StandingRefusal(type_url=CLUSTER, name=name, message=message, proxies=proxies, of=of),)
