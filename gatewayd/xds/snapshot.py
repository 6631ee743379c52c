"""ProxyConfig -> Snapshot, at the cost of what changed.

Invariants: names and versions are functions of the content alone, so every replica makes the same ones; a builder that
has seen other configurations before returns what a new one would; nothing is kept of a configuration that is gone.

How: each part has a memo by identity. A Route is serialised once, a VirtualHost is the concatenation of its routes, a
RouteConfiguration that of its virtual hosts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import attrgetter, is_
from types import MappingProxyType

from gatewayd.ir.backend import Cluster, Discovered, Protocol, Upstream
from gatewayd.ir.proxy import DatagramListener, Listener, ProxyConfig, StreamListener
from gatewayd.ir.tls import Certificate, DownstreamTLS, TrustBundle, UpstreamTLS
from gatewayd.xds import cluster, endpoint, listener, names, secret, udp
from gatewayd.xds.memo import Memo
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    SECRET,
    XDS_TYPES,
    Resource,
    Resources,
    Snapshot,
    TypeUrl,
    content_version,
)
from gatewayd.xds.table import Tables
from gatewayd.xds.work import BuildCost, Work

_Secret = Certificate | TrustBundle

_name = attrgetter("name")
_version = attrgetter("version")


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What one upstream becomes; nothing for UDP, whose endpoints stand in the clusters of the ports."""

    cluster: Resource | None
    endpoints: Resource | None


_NO_PARTS = _Parts(None, None)


class SnapshotBuilder:
    """Builds the snapshots of one Gateway, one after another. `cost` is that of the last build."""

    def __init__(self) -> None:
        self.cost = BuildCost(routes=0, virtual_hosts=0, resources=0)
        self._work = Work()
        self._address = ""
        self._tables = Tables()
        self._clusters: Memo[Cluster, _Parts] = Memo(self._cluster, _upstream)
        self._listeners: Memo[Listener, Resource] = Memo(self._listener, names.listener)
        self._secrets: Memo[_Secret, Resource] = Memo(self._secret, names.secret)
        self._datagrams: tuple[Resource, ...] = ()
        self._types = {row.url: _Type() for row in XDS_TYPES}
        self._last: Snapshot | None = None

    def build(self, config: ProxyConfig) -> Snapshot:
        """Return the snapshot of `config`: the one before, as an object, when nothing differs from it.

        Raises ValueError when two resources share a name: a bug in what made the IR.
        """
        self._work = Work()
        if config.address != self._address:
            self._listeners.update(())
            self._address = config.address
        tables = self._tables.update(config.route_tables, self._work)
        self._clusters.update(config.clusters)
        self._listeners.update(config.listeners)
        self._datagrams = self._updated_datagrams()
        parts, ports = self._clusters.results, self._datagrams
        self._types[ROUTE].update((tables,), (table.resource for table in tables))
        self._types[CLUSTER].update((parts, ports), _chosen(CLUSTER, (part.cluster for part in parts), ports))
        self._types[ENDPOINT].update((parts, ports), _chosen(ENDPOINT, (part.endpoints for part in parts), ports))
        self._types[SECRET].update((self._clusters.values, self._listeners.values), self._secret_resources())
        self._types[LISTENER].update((self._listeners.results,), self._listeners.results)
        self.cost = self._work.cost()
        return self._snapshot(config.gateway)

    def _snapshot(self, gateway: str) -> Snapshot:
        version = content_version(b"".join(each.digest for each in self._types.values()))
        last = self._last
        if last is None or (last.version, last.gateway) != (version, gateway):
            resources: dict[TypeUrl, Resources] = {url: each.resources for url, each in self._types.items()}
            last = Snapshot(gateway=gateway, version=version, resources=MappingProxyType(resources))
            self._last = last
        return last

    def _cluster(self, of: Cluster, earlier: _Parts | None) -> _Parts:
        if of.upstream.protocol is Protocol.UDP:
            return _NO_PARTS
        before = earlier or _NO_PARTS
        name = names.cluster(of.upstream)
        made = self._work.resource(CLUSTER, name, cluster.cluster(of), before.cluster)
        if not isinstance(of.endpoints, Discovered):
            return _Parts(made, None)
        assignment = endpoint.load_assignment(of, of.endpoints)
        return _Parts(made, self._work.resource(ENDPOINT, name, assignment, before.endpoints))

    def _listener(self, of: Listener, earlier: Resource | None) -> Resource:
        return self._work.resource(LISTENER, names.listener(of), listener.listener(of, self._address), earlier)

    def _secret(self, of: _Secret, earlier: Resource | None) -> Resource:
        return self._work.resource(SECRET, names.secret(of), secret.secret(of), earlier)

    def _secret_resources(self) -> Iterator[Resource]:
        found = (*_of_listeners(self._listeners.values), *_of_clusters(self._clusters.values))
        self._secrets.update(tuple({names.secret(each): each for each in found}.values()))
        yield from self._secrets.results

    def _updated_datagrams(self) -> tuple[Resource, ...]:
        """Return the clusters and endpoints of the UDP ports: the tuple before when they are the same."""
        ports = [each for each in self._listeners.values if isinstance(each, DatagramListener)]
        udp_clusters = (
            [each for each in self._clusters.values if each.upstream.protocol is Protocol.UDP] if ports else []
        )
        upstreams = {each.upstream: each for each in udp_clusters}
        now = tuple(resource for port in ports for resource in self._datagram_parts(port, upstreams))
        return self._datagrams if _identical(now, self._datagrams) else now

    def _datagram_parts(self, port: DatagramListener, upstreams: dict[Upstream, Cluster]) -> Iterator[Resource]:
        name = names.datagram_cluster(port)
        earlier = {each.type_url: each for each in self._datagrams if each.name == name}
        yield self._work.resource(CLUSTER, name, udp.datagram_cluster(port, upstreams), earlier.get(CLUSTER))
        assignment = udp.datagram_endpoints(port, upstreams)
        if assignment is not None:
            yield self._work.resource(ENDPOINT, name, assignment, earlier.get(ENDPOINT))


class _Type:
    """The resources of one type, as the snapshots show them."""

    __slots__ = ("_shown", "_source", "digest", "resources")

    def __init__(self) -> None:
        self._source: Sequence[object] = ()
        self._shown: list[Resource] = []
        self.digest = _digest(())
        self.resources: Resources = MappingProxyType({})

    def update(self, source: Sequence[object], resources: Iterable[Resource]) -> None:
        """Show `resources`; they are not looked at when the objects that they come from are those of the last time."""
        if _identical(source, self._source):
            return
        shown = list(resources)
        if not _identical(shown, self._shown):
            ordered = sorted(shown, key=_name)
            by_name = {each.name: each for each in ordered}
            if len(by_name) != len(ordered):
                raise ValueError(f"{len(ordered)} resources share {len(by_name)} names; each needs one of its own")
            self.digest = _digest(ordered)
            self.resources = MappingProxyType(by_name)
        self._source, self._shown = source, shown


def _digest(ordered: Sequence[Resource]) -> bytes:
    text = "\n".join((*map(_name, ordered), *map(_version, ordered)))
    return blake2b(text.encode(), digest_size=16).digest()


def _identical(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


def _chosen(type_url: TypeUrl, parts: Iterable[Resource | None], ports: Iterable[Resource]) -> Iterator[Resource]:
    yield from (each for each in parts if each is not None)
    yield from (each for each in ports if each.type_url == type_url)


def _of_listeners(listeners: Iterable[Listener]) -> Iterator[_Secret]:
    for each in listeners:
        if isinstance(each, StreamListener):
            for chain in each.chains:
                if chain.tls is not None:
                    yield from _of_downstream(chain.tls)


def _of_downstream(tls: DownstreamTLS) -> Iterator[_Secret]:
    yield from tls.certificates
    if tls.client is not None:
        yield tls.client.trust


def _of_clusters(clusters: Iterable[Cluster]) -> Iterator[_Secret]:
    for each in clusters:
        if each.tls is not None:
            yield from _of_upstream(each.tls)


def _of_upstream(tls: UpstreamTLS) -> Iterator[_Secret]:
    if isinstance(tls.trust, TrustBundle):
        yield tls.trust
    if tls.client is not None:
        yield tls.client


def _upstream(of: Cluster) -> Upstream:
    return of.upstream
