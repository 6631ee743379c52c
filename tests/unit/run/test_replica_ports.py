import pytest

from gatewayd.ads.fleet import Fleet
from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import founded
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.infrastructure import Autoscaled, External, Fixed, Keep, Provision
from gatewayd.reconciler import Reconciler
from gatewayd.run.replica_ports import ReplicaPorts
from gatewayd.run.trust import Trust
from gatewayd.telemetry.metrics import Metrics
from tests.unit.infra.gateways import EDGE, with_parameters
from tests.unit.run.test_cluster import NOW, OPTIONS

KEPT = Keep(namespace="infra", name="edge", uid="0b5c", labels=(), reason="its class is gone")


@pytest.mark.parametrize(
    ("wanted", "most"),
    [
        (EDGE, 1),
        (with_parameters(scaling=Fixed(replicas=3)), 3),
        (with_parameters(scaling=Autoscaled(least=2, most=9, cpu=80)), 9),
        (with_parameters(scaling=External()), None),
        (with_parameters(workload="DaemonSet"), None),
        (KEPT, None),
    ],
)
def test_how_many_proxies_a_gateway_may_have(wanted: Provision, most: int | None) -> None:
    fleet = Fleet(lambda *_: None)
    reconciler = Reconciler(publisher=fleet, on_batch=lambda _: None, awaited=())
    reconciler.infrastructure[ObjectKey("infra", "edge")] = wanted
    trust = Trust(founded(NOW), "gatewayd.gatewayd-system.svc")
    ports = ReplicaPorts(
        options=OPTIONS, trust=trust, reconciler=reconciler, fleet=fleet, metrics=Metrics("0"), notices=tuple
    )
    assert ports._replicas(GatewayFleet(namespace="infra", name="edge")) == most
    assert ports._replicas(GatewayFleet(namespace="infra", name="other")) is None
