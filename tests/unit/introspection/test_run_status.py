"""What a run says of itself: what there is to see, its proxies, and what was published for whom."""

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.introspection.rows import EMPTY
from gatewayd.introspection.run_status import run_status
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.telemetry.version import installed_version
from tests.unit.example import SHOP, translated


def test_a_status_has_the_proxies_and_the_versions_of_what_is_published() -> None:
    snapshots = translated(SHOP).reconciler.snapshots
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    for snapshot in snapshots.values():
        fleet.publish(snapshot)
    fleet.join(GatewayFleet(namespace="default", name="web"), Mode.DELTA, since=5.0, wake=lambda: None)

    status = run_status(EMPTY, fleet, snapshots, "here")

    assert (status.board, status.folder, status.version) == (EMPTY, "here", installed_version())
    assert [(each.gateway, each.version) for each in status.snapshots] == [
        (str(key), snapshot.version) for key, snapshot in snapshots.items()
    ]
    assert [(proxy.gateway, proxy.connected_since) for proxy in status.proxies] == [("default/web", 5.0)]
