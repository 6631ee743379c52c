"""The whole translation with nobody connected: objects in, statuses and snapshots out.

What `gatewayd translate`, `explain`, `diff` and `check` stand on, and the engine of the golden tests.
"""

from collections.abc import Iterable

from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.own_group import CONTROLLER
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.xds.resource import Snapshot


def standalone_environment(
    address: str, unprivileged_offset: int, route_discovery: RouteDiscovery | None
) -> Environment:
    """Return the Environment of a run without a cluster; the offset is what is added to ports below 1024."""
    return Environment(
        controller=CONTROLLER,
        namespace="",
        address=address,
        loopback_backends=True,
        external_names=True,
        standalone=True,
        unprivileged_offset=unprivileged_offset,
        route_discovery=route_discovery,
    )


class _Nobody:
    """A fleet without proxies."""

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Send it to nobody."""

    def retire(self, fleet: FleetKey) -> None:
        """Take it from nobody."""


def _unheard(_batch: Batch) -> None:
    """Hear of a batch; everything is read from the reconciler afterwards."""


def offline(objects: Iterable[Delta], environment: Environment) -> Reconciler:
    """Translate objects; read `outcomes`, `snapshots`, `configs` and the engine (a View) of what comes back."""
    reconciler = Reconciler(publisher=_Nobody(), on_batch=_unheard, awaited=())
    reconciler.submit((Delta(kind=Environment, key=HERE, obj=environment), *objects))
    reconciler.step()
    return reconciler
