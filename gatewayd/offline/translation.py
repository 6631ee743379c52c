"""Manifests and all that follows from them without anybody connected: what the offline commands ask.

In: manifests as read. Out: a `Translation`, whose parts are computed once and only read afterwards.
"""

from dataclasses import dataclass

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.findings import Finding
from gatewayd.incremental.engine import Engine
from gatewayd.manifests.read_once import Manifests
from gatewayd.offline.findings import Report, report
from gatewayd.offline.translate import offline, standalone_environment
from gatewayd.own_group import CONTROLLER
from gatewayd.reconciler import Reconciler
from gatewayd.status.merge import status
from gatewayd.store import Delta
from gatewayd.xds.dump import JSON

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStatus:
    """The status of one object as the API writes it, but for the times of its conditions."""

    kind: str
    key: ObjectKey
    status: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """Manifests, and the reconciler that has translated them."""

    manifests: Manifests
    reconciler: Reconciler

    @property
    def engine(self) -> Engine:
        """The View that every query can be asked through."""
        return self.reconciler.store.engine

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, sorted by file and line."""
        return self.report.findings

    @property
    def report(self) -> Report:
        """All that is to be known of the manifests."""
        return report(self.manifests, self.reconciler)

    @property
    def statuses(self) -> tuple[ObjectStatus, ...]:
        """The status of each object of ours, by kind and key."""
        statuses = [
            ObjectStatus(
                kind=BY_STRUCT[member.table].kind,
                key=member.key if isinstance(member.key, ObjectKey) else ObjectKey("", str(member.key)),
                status=dict(status(outcome, CONTROLLER)),
            )
            for member, outcome in self.reconciler.outcomes.items()
        ]
        return tuple(sorted(statuses, key=lambda each: (each.kind, each.key)))


def translate(manifests: Manifests, now: Delta) -> Translation:
    """Translate manifests for a machine without a cluster, where every port may be bound; `now` is the time."""
    here = standalone_environment(_ADDRESS, unprivileged_offset=0, route_discovery=None)
    return Translation(manifests=manifests, reconciler=offline((now, *manifests.deltas), here))
