"""What one replica knows of a fleet -> the share that it tells, and the shares of all replicas -> one report.

Resources are told by name and version. Versions are content hashes: what is said of another content than ours says
nothing of ours, but for the listeners of a replica of another edition, which vouches for them by generations.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatewayd.ir.carriers import Policies
from gatewayd.ir.outcome import FleetReport, RefusedSecret, Rejection, StandingRefusal, Vouched
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
        standing=bounded((each.message, ((each.type_url, each.name, each.proxies),)) for each in report.standing),
        fresh=report.fresh,
        secrets=secrets,
        policies=None if report.policies is None else dict(report.policies),
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


def merged(
    shares: list[Share],
    snapshot: Snapshot | None,
    others: tuple[Vouched, ...] = (),
    lingering: tuple[StandingRefusal, ...] = (),
) -> FleetReport:
    """Return what all replicas together say about the snapshot that we publish.

    `others` are of other editions, `lingering` was said of streams that have ended a moment ago.
    """
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
    return FleetReport(
        connected=sum(each.connected for each in shares),
        acked_listeners=frozenset(acked),
        rejections=tuple(_rejections(shares, snapshot)),
        standing=tuple(_standing(shares, snapshot, lingering)),
        fresh=sum(each.fresh for each in shares),
        refused_secrets=secrets,
        vouched=others,
        policies=_common_policies(shares, snapshot.policies),
    )


def _rejections(shares: list[Share], snapshot: Snapshot) -> Iterator[Rejection]:
    """Yield what proxies refuse of the versions that we publish, sorted."""
    refused: dict[tuple[str, str], set[str]] = {}
    for share in shares:
        for message, resources in share.refused.items():
            for type_url, name, version in resources:
                resource = _find(snapshot, type_url, name)
                if resource is not None and resource.version == version:
                    refused.setdefault((type_url, message), set()).add(name)
    for (type_url, message), names in sorted(refused.items()):
        yield Rejection(type_url=type_url, names=tuple(sorted(names)), message=message)


def _standing(
    shares: list[Share], snapshot: Snapshot, lingering: tuple[StandingRefusal, ...]
) -> Iterator[StandingRefusal]:
    """Yield what proxies refuse of the resources that we publish, whatever they were sent of these, sorted."""
    judging = sum(each.connected - each.fresh for each in shares)
    told: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for share in shares:
        for message, resources in share.standing.items():
            for type_url, name, proxies in resources:
                told.setdefault((type_url, name), []).append((message, proxies))
    for each in lingering:
        told.setdefault((each.type_url, each.name), [(each.message, each.proxies)])
    for (type_url, name), said in sorted(told.items()):
        if _find(snapshot, type_url, name) is not None:
            proxies = sum(count for _, count in said)
            of = max(judging, proxies)
            yield StandingRefusal(type_url=type_url, name=name, message=min(said)[0], proxies=proxies, of=of)


def _common_policies(shares: list[Share], wanted: Policies) -> Mapping[str, int] | None:
    """Return which of the wanted policies all Envoys have, as far as replicas tell; those of before, when none is here.

    Generations are read alike by all editions. A later one than ours is ours and more.
    """
    telling = [each for each in shares if each.policies is not None]
    told = [each.policies or {} for each in telling if each.connected] or [each.policies or {} for each in telling]
    if not told:
        return None
    return {
        each.policy: each.generation
        for each in wanted
        if all(has.get(each.policy, -1) >= each.generation for has in told)
    }


def _refused_secrets(shares: list[Share]) -> tuple[RefusedSecret, ...]:
    """Return what any replica's Envoys refused, each version with the same words whoever tells of it first."""
    words: dict[str, str] = {}
    for message, versions in sorted(pair for share in shares for pair in share.secrets.items()):
        for version in versions:
            words.setdefault(version, message)
    return tuple(sorted(RefusedSecret(version=version, message=message) for version, message in words.items()))
