"""What one replica knows of a fleet -> the share that it tells, and the shares of all replicas -> one report.

Resources are told by name and version. Versions are content hashes: what is said of another content than ours says
nothing of ours, but for the listeners of a replica of another edition, which vouches for them by generations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.ir.outcome import FleetReport, RefusedSecret, Rejection, Vouched
from gatewayd.ir.proxy import Declared
from gatewayd.kube.fleet_budget import Share, bounded, shared_secrets
from gatewayd.xds.resource import LISTENER, Resource, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What we publish for a fleet, and which generations its listeners are made of."""

    snapshot: Snapshot
    declared_by: Sequence[Declared]


def share_of(report: FleetReport, published: Published | None) -> Share:
    """Return a report with the versions and generations that it speaks of."""
    secrets = shared_secrets(report.refused_secrets)
    if published is None:
        return Share(connected=report.connected, secrets=secrets)
    snapshot = published.snapshot
    listeners = snapshot.of(LISTENER)
    acked = {name: listeners[name].version for name in sorted(report.acked_listeners) if name in listeners}
    refused = (
        (
            rejection.message,
            tuple(
                (rejection.type_url, name, resource.version)
                for name in rejection.names
                if (resource := _find(snapshot, rejection.type_url, name)) is not None
            ),
        )
        for rejection in report.rejections
    )
    return Share(
        connected=report.connected,
        acked=acked,
        generations=generations_of(published.declared_by) if acked else {},
        refused=bounded(refused),
        secrets=secrets,
    )


def generations_of(declared_by: Sequence[Declared]) -> dict[str, int]:
    """Return the generations by uid, as they are told."""
    return {each.uid: each.generation for each in declared_by}


def _find(snapshot: Snapshot, type_url: str, name: str) -> Resource | None:
    return next((table[name] for url, table in snapshot.resources.items() if url == type_url and name in table), None)


def vouched(share: Share) -> Vouched | None:
    """Return what a replica of another edition vouches for; None when that is nothing."""
    if not share.acked or not share.generations:
        return None
    return Vouched(listeners=frozenset(share.acked), generations=share.generations)


def merged(shares: list[Share], snapshot: Snapshot | None, others: tuple[Vouched, ...] = ()) -> FleetReport:
    """Return what all replicas together say about the snapshot that we publish; `others` are of other editions."""
    secrets = _refused_secrets(shares)
    if snapshot is None:
        connected = sum(each.connected for each in shares)
        return FleetReport(connected=connected, acked_listeners=frozenset(), rejections=(), refused_secrets=secrets)
    listeners = snapshot.of(LISTENER)
    acked = {
        name
        for each in shares
        for name, version in each.acked.items()
        if name in listeners and listeners[name].version == version
    }
    refused: dict[tuple[str, str], set[str]] = {}
    for share in shares:
        for message, resources in share.refused.items():
            for type_url, name, version in resources:
                resource = _find(snapshot, type_url, name)
                if resource is not None and resource.version == version:
                    refused.setdefault((type_url, message), set()).add(name)
    rejections = (
        Rejection(type_url=type_url, names=tuple(sorted(names)), message=message)
        for (type_url, message), names in sorted(refused.items())
    )
    return FleetReport(
        connected=sum(each.connected for each in shares),
        acked_listeners=frozenset(acked),
        rejections=tuple(rejections),
        refused_secrets=secrets,
        vouched=others,
    )


def _refused_secrets(shares: list[Share]) -> tuple[RefusedSecret, ...]:
    """Return what any replica's Envoys refused, each version with the same words whoever tells of it first."""
    words: dict[str, str] = {}
    for message, versions in sorted(pair for share in shares for pair in share.secrets.items()):
        for version in versions:
            words.setdefault(version, message)
    return tuple(sorted(RefusedSecret(version=version, message=message) for version, message in words.items()))
