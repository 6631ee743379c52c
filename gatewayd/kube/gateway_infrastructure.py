"""Everything that runs for Gateways: what each needs is provided and applied, what nobody needs any more is deleted.

Composes the provisioner, the applier and the watches of what we made. A new leader knows nothing of what another one
made, and compares: every object that was made for a Gateway and is not wanted goes, once it is certain what is wanted.
"""

import asyncio
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import MESH_FLEET, FleetKey
from gatewayd.kube.applier import Applier, InfrastructureCallbacks, OnWrite
from gatewayd.kube.client import KubeClient
from gatewayd.kube.infrastructure_reports import InfrastructureReports, Submit
from gatewayd.kube.lease import Leadership
from gatewayd.kube.made_object import ObjectName
from gatewayd.kube.owned_watch import OWNED_KINDS, OwnedListing, OwnedObjects
from gatewayd.kube.provisioner import ControlPlaneIdentity, Provisioner, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted.

    `abandoned` tells of a Gateway that it surely shall have nothing: of none before everything is synced. `outranked`:
    a newer edition runs beside us, whose wishes for proxies that run already count instead.
    """

    wanted: Wanted
    abandoned: Callable[[ObjectKey], bool]
    outranked: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Who hears what became of it: `submit` takes what `Programmed` must say, the others count."""

    submit: Submit
    on_write: OnWrite
    on_failure: Callable[[str], None]


class InfrastructureController:
    """The infrastructure of all Gateways."""

    def __init__(
        self,
        *,
        client: KubeClient,
        leadership: Leadership,
        identity: ControlPlaneIdentity,
        wishes: Wishes,
        ending: Container[str],
        feedback: Feedback,
    ) -> None:
        """Make nothing in the namespaces that are `ending`."""
        self._wishes = wishes
        self._manager = client.manager
        self._reports = InfrastructureReports(feedback.submit)
        self._objects = OwnedObjects(self)
        self._applier = Applier(
            client=client,
            leadership=leadership,
            inventory=self._objects,
            ending=ending,
            audience=self._audience("objects", feedback),
            is_outranked=wishes.outranked,
        )
        self._provisioner = Provisioner(
            identity=identity,
            wanted=wishes.wanted,
            applier=self._applier,
            leadership=leadership,
            audience=self._audience("certificate", feedback),
        )

    def _audience(self, stage: str, feedback: Feedback) -> InfrastructureCallbacks:
        return InfrastructureCallbacks(
            on_write=feedback.on_write,
            report=partial(self._reports.told, stage),
            on_failure=feedback.on_failure,
        )

    def listings(self) -> Iterator[OwnedListing]:
        """Yield what has to be reflected of the objects that we made."""
        for kind in OWNED_KINDS:
            yield OwnedListing(kind, self._objects, self._manager)

    def mark(self, gateway: ObjectKey) -> None:
        """Look at a Gateway: what it needs has changed."""
        self._provisioner.mark(gateway)

    def published(self, fleet: FleetKey) -> None:
        """Hear that there is a configuration for a fleet: from then on keep what the proxies of nodes are known by."""
        if fleet == MESH_FLEET:
            self._provisioner.provide_nodes()

    def mark_all(self) -> None:
        """Look at every Gateway: certificates may be due."""
        self._provisioner.mark_all()

    def look_again(self) -> None:
        """Look at every Gateway again: whoever was to see to it before us has come or gone."""
        self._applier.look_again()

    def became_leader(self) -> None:
        """Begin as if nothing were known."""
        self._reports.clear()
        self._applier.became_leader()
        self._provisioner.mark_all()
        self.clean_up()

    def clean_up(self) -> None:
        """Look at everything that was made for Gateways that shall have nothing. Call it when all kinds are synced."""
        if self._objects.complete:
            for gateway in self._objects.gateways():
                self._look_whether_abandoned(gateway)

    def _look_whether_abandoned(self, gateway: ObjectKey) -> None:
        if self._wishes.wanted.wanted(gateway) is None and self._wishes.abandoned(gateway):
            self._provisioner.mark(gateway)

    def complete(self) -> None:
        """Hear that everything that we made has been listed."""
        self.clean_up()

    def appeared(self, gateway: ObjectKey, name: ObjectName) -> None:
        """Hear of an object that was made for a Gateway, perhaps by somebody who led until now."""
        self._applier.appeared(gateway, name)
        self._look_whether_abandoned(gateway)

    def drifted(self, gateway: ObjectKey) -> None:
        """Hear that an object of a Gateway was changed or deleted by somebody."""
        self._applier.drifted(gateway)

    async def run(self) -> None:
        """Provide and apply until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._provisioner.run(), name="provisioner")
            tasks.create_task(self._applier.run(), name="applier")
