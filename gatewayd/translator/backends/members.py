"""What member clusters offer for a ServiceImport, beside what is known of it here.

Nearest first where the import asks for that: this cluster, then members of its region, then all others; else all of
them alike. Envoy goes on to the next group when too few of one are healthy. In the group whose turn is first a proxy
prefers its own zone, as the members' slices say it: a member that says one of only some of its endpoints has none,
which is its own loss and nobody else's. Of an address that two clusters claim, the one that is believed first has it:
this cluster, then by order of trust; the age that a member states counts only among equals, since whoever lies is
always the oldest.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, View, query, rows
from gatewayd.ir.backend import Discovered, Endpoint, Resolved
from gatewayd.ir.backend_settings import BackendSettings, PassiveHealth
from gatewayd.ir.members import Exported, ExportedPort, MemberCluster, Standing, WhenStale
from gatewayd.translator.backends.destinations import address_problem
from gatewayd.translator.environment import environment

EXPORTS = Index(
    name="exports_by_import",
    sources=(rows(Exported, lambda row: (ObjectKey(row.namespace, row.name),)),),
    group=lambda key: key,
)

_NEAR: Final = 1
_FAR: Final = 2

WATCHED: Final = PassiveHealth(errors=0, gateway_errors=3, interval_ms=1_000, ejection_ms=10_000, max_percent=100)
"""What is asked of endpoints in several groups where no policy says anything: without it no proxy leaves a group whose
endpoints do not answer. All of a group may be left out, since there is another one."""


class Offer(NamedTuple):
    """What one member offers under a name."""

    member: str
    cluster: MemberCluster
    export: Exported


@query
def offers(view: View, key: ObjectKey) -> tuple[Offer, ...]:
    """Return what members offer for an import, whoever is believed first before the others."""
    found = []
    for member in view.bucket(EXPORTS, key):
        row = view.get(Exported, member.key)
        cluster = view.get(MemberCluster, row.cluster) if row is not None else None
        if row is not None and cluster is not None:
            found.append(Offer(row.cluster, cluster, row))
    return tuple(sorted(found, key=lambda each: (each.cluster.trust, each.export.created, each.member)))


def offered_ports(view: View, key: ObjectKey, transport: str) -> Iterator[ExportedPort]:
    """Yield the ports that members have for an import, those of whoever is believed first before the others."""
    for offer in offers(view, key):
        yield from (each for each in offer.export.ports if each.transport == transport)


class ImportPortKey(NamedTuple):
    """A port of an import. `by_distance`: who is near shall have the requests."""

    key: ObjectKey
    port: int
    transport: str
    by_distance: bool


def joined(view: View, at: ImportPortKey, here: Discovered) -> Discovered:
    """Return the endpoints that are known here together with those of members."""
    if not view.count(EXPORTS, at.key):
        return here
    taken = {(each.address, each.port) for each in here.endpoints}
    groups: dict[int, list[Endpoint]] = {0: list(here.endpoints)} if here.endpoints else {}
    stale: list[Endpoint] = []
    ready = any(not each.draining for each in here.endpoints) or _any_ready(view, at)
    for offer in offers(view, at.key):
        own = {(each.address, each.port): each for each in _endpoints(view, offer, at, ready=ready)}
        own = {claimed: each for claimed, each in own.items() if claimed not in taken}
        taken |= own.keys()
        if offer.cluster.standing is Standing.STALE and offer.cluster.when_stale is WhenStale.REMOVE:
            stale += own.values()
        elif own:
            groups.setdefault(_group(view, offer.cluster, by_distance=at.by_distance), []).extend(own.values())
    if not groups and stale:  # the last ones are better than nobody
        groups[0] = stale
    first, *others = (tuple(sorted(groups[number])) for number in sorted(groups)) if groups else ((),)
    return replace(here, endpoints=first, failover=tuple(others), closed="" if first else here.closed)


class ClusterShare(NamedTuple):
    """What one member has for a port; `group` tells whose turn comes before its own, 0 for nobody's."""

    cluster: str
    standing: Standing
    ready: int
    group: int
    left_out: tuple[str, ...]


def cluster_shares(view: View, at: ImportPortKey) -> Iterator[ClusterShare]:
    """Yield what each member has for a port of an import, whoever is believed first before the others."""
    for offer in offers(view, at.key):
        yield ClusterShare(
            cluster=offer.member,
            standing=offer.cluster.standing,
            ready=sum(each.ready for port in _ports(offer, at) for each in port.endpoints),
            group=_group(view, offer.cluster, by_distance=at.by_distance),
            left_out=offer.export.left_out,
        )


def _any_ready(view: View, at: ImportPortKey) -> bool:
    return any(
        each.ready
        for offer in offers(view, at.key)
        if offer.cluster.standing is not Standing.LEAVING
        for port in _ports(offer, at)
        for each in port.endpoints
    )


def _ports(offer: Offer, at: ImportPortKey) -> Iterator[ExportedPort]:
    return (each for each in offer.export.ports if (each.number, each.transport) == (at.port, at.transport))


def _endpoints(view: View, offer: Offer, at: ImportPortKey, *, ready: bool) -> Iterator[Endpoint]:
    loopback = environment(view).loopback_backends
    is_leaving = offer.cluster.standing is Standing.LEAVING
    for port in _ports(offer, at):
        by_zone = at.by_distance and all(each.zone for each in port.endpoints)
        for each in port.endpoints:
            if not address_problem(each.address, loopback=loopback):
                draining = ready and (is_leaving or not each.ready)
                zone = each.zone if by_zone else ""
                yield Endpoint(address=each.address, port=each.port, draining=draining, zone=zone)


def _group(view: View, cluster: MemberCluster, *, by_distance: bool) -> int:
    """Return whose turn a member's endpoints wait for: the lowest number is the first."""
    group = 0
    if by_distance:
        here = environment(view).region
        group = _NEAR if here and here == cluster.region else _FAR
    is_demoted = cluster.standing is Standing.STALE and cluster.when_stale is WhenStale.DEMOTE
    return group + is_demoted


def watched(settings: BackendSettings, endpoints: Discovered | Resolved) -> BackendSettings:
    """Return the settings of a backend with several groups, whose endpoints have to be watched."""
    if settings.passive_health is not None or isinstance(endpoints, Resolved) or not endpoints.failover:
        return settings
    return _watched(settings)


@lru_cache(maxsize=64)
def _watched(settings: BackendSettings) -> BackendSettings:
    return replace(settings, passive_health=WATCHED)
