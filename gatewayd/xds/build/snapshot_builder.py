"""ProxyConfig -> Snapshot, at the cost of what changed.

Invariants: names and versions are functions of the content alone, so every replica makes the same ones; a builder that
has seen other configurations before returns what a new one would; nothing is kept of a configuration that is gone.

How: each part has a memo by identity, and tells which resources it replaced; what did not change is not looked at. A
Route is serialised once, a VirtualHost is the concatenation of its routes, a RouteConfiguration that of virtual hosts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from gatewayd.incremental.chunks import differences
from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Cluster, Discovered, Protocol, Upstream
from gatewayd.ir.backend_settings import STANDARD
from gatewayd.ir.proxy import DatagramListener, Listener, ProxyConfig
from gatewayd.ir.tls import SharedSecret
from gatewayd.xds import names
from gatewayd.xds.build.build_cost import BuildCost, Held, Work
from gatewayd.xds.build.discovered_filters import DiscoveredFilters
from gatewayd.xds.build.keyed_results import Keyed, Replaced
from gatewayd.xds.build.route_tables import Tables
from gatewayd.xds.build.typed_resources import ResourceType
from gatewayd.xds.build.used_secrets import UsedSecrets
from gatewayd.xds.memo import Memo
from gatewayd.xds.messages import cluster, endpoint, listener, secret, udp_proxy
from gatewayd.xds.messages.secret import Secret, secrets_of_cluster
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    SECRET,
    XDS_TYPES,
    Resource,
    Resources,
    Snapshot,
    TypeUrl,
    content_version,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What one upstream becomes; no resources for UDP, whose endpoints stand in the clusters of the ports."""

    resources: tuple[Resource, ...]
    secrets: tuple[Secret, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Port:
    """What one listener becomes, and the parts that the next one is made of."""

    chains: listener.Chains
    resource: Resource


_NO_PARTS = _Parts((), ())


class SnapshotBuilder:
    """Builds the snapshots of one fleet, one after another. `cost` is that of the last build."""

    def __init__(self) -> None:
        self.cost = BuildCost(routes=0, virtual_hosts=0, resources=0)
        self._work = Work()
        self._last: Snapshot | None = None
        self._forget()

    def _forget(self) -> None:
        self._address = ""
        self._tables = Tables()
        self._filters = DiscoveredFilters()
        self._clusters: Keyed[Cluster, _Parts] = Keyed(self._cluster, _upstream)
        self._listeners: Memo[Listener, _Port] = Memo(self._listener, names.listener)
        self._secrets = UsedSecrets(self._secret)
        self._shared: Sequence[SharedSecret] = ()
        self._datagrams: tuple[Resource, ...] = ()
        self._types = {row.url: ResourceType() for row in XDS_TYPES}

    def build(self, config: ProxyConfig) -> Snapshot:
        """Return the snapshot of `config`: the one before, as an object, when nothing differs from it.

        Raises ValueError when two resources share a name: a bug in what made the IR.
        """
        self._work = Work()
        try:
            self._update(config)
        except Exception:
            # Whatever state this one has left, the next one begins with nothing.
            self._forget()
            raise
        finally:
            # The bytes of routes that several hosts share are for this build only.
            self._work.entries = {}
        self.cost = self._work.cost()
        return self._snapshot(config)

    def _update(self, config: ProxyConfig) -> None:
        if config.address != self._address:
            self._show(self._bound(), ())
            self._secrets.replace_listeners(self._listeners.values, ())
            self._listeners.update(())
            self._address = config.address
        self._replace(self._tables.update(config.route_tables, self._work))
        self._replace(self._filters.update(self._tables.asked, config.key_sets, self._work))
        clusters = self._clusters.update(config.clusters)
        for before, after in clusters:
            self._show((before or _NO_PARTS).resources, (after or _NO_PARTS).resources)
            self._secrets.replace((before or _NO_PARTS).secrets, (after or _NO_PARTS).secrets)
        listeners, values = self._bound(), self._listeners.values
        self._listeners.update(config.listeners)
        is_other = self._listeners.values is not values
        self._show(listeners, self._bound())
        self._secrets.replace_listeners(values, self._listeners.values)
        self._secrets.replace(*differences(self._shared, config.shared_secrets))
        self._shared = config.shared_secrets
        self._replace(self._secrets.settle())
        if is_other or clusters:
            datagrams = self._datagrams
            self._datagrams = tuple(self._updated_datagrams())
            self._show(datagrams, self._datagrams)
        for typed in self._types.values():
            typed.settle()

    def _replace(self, changes: Iterable[Replaced[Resource]]) -> None:
        for before, after in changes:
            if before is not None:
                self._types[before.type_url].remove(before)
            if after is not None:
                self._types[after.type_url].add(after)

    def _show(self, before: Sequence[Resource], after: Sequence[Resource]) -> None:
        """Show resources in the place of others."""
        gone, new = differences(before, after)
        kept = {id(each) for each in gone} & {id(each) for each in new}
        self._replace(Replaced(each, None) for each in gone if id(each) not in kept)
        self._replace(Replaced(None, each) for each in new if id(each) not in kept)

    def _snapshot(self, config: ProxyConfig) -> Snapshot:
        version = content_version(b"".join(each.digest for each in self._types.values()))
        last, policies = self._last, config.policies
        if last is not None and last.policies == policies:
            policies = last.policies  # proxies that have these are told from others by the object
        if last is None or (last.version, last.fleet) != (version, config.fleet):
            resources: dict[TypeUrl, Resources] = {url: each.resources for url, each in self._types.items()}
            frozen = MappingProxyType(resources)
            last = Snapshot(fleet=config.fleet, version=version, resources=frozen, policies=policies)
        elif last.policies is not policies:
            last = replace(last, policies=policies)
        self._last = last
        return last

    @property
    def held(self) -> tuple[Held, ...]:
        """What the last build could not make and left out, or put a failing thing in the place of."""
        return tuple(self._work.held)

    def _cluster(self, of: Cluster, earlier: _Parts | None) -> _Parts:
        """Return what an upstream becomes; one that cannot be made reaches nobody."""
        return self._work.attempt(
            "cluster",
            names.cluster(of.upstream),
            lambda: self._made_cluster(of, earlier),
            lambda: self._made_cluster(_reaching_nobody(of), None),
        )

    def _made_cluster(self, of: Cluster, earlier: _Parts | None) -> _Parts:
        secrets = secrets_of_cluster(of)
        if of.upstream.protocol is Protocol.UDP:
            return _Parts((), secrets)
        before: tuple[Resource | None, ...] = earlier.resources if earlier is not None else ()
        known, endpoints = (*before, None, None)[:2]
        name = names.cluster(of.upstream)
        resource = self._work.of_parts(CLUSTER, name, cluster.parts(of), known)
        if not isinstance(of.endpoints, Discovered):
            return _Parts((resource,), secrets)
        assignment = endpoint.load_assignment(of, of.endpoints)
        return _Parts((resource, self._work.resource(ENDPOINT, name, assignment, endpoints)), secrets)

    def _listener(self, of: Listener, earlier: _Port | None) -> _Port:
        chains = listener.no_chains(of, self._attempt) if earlier is None else earlier.chains
        pieces = listener.listener_pieces(of, self._address, chains)
        before = None if earlier is None else earlier.resource
        return _Port(chains, self._work.of_pieces(LISTENER, names.listener(of), pieces, before))

    def _attempt(self, what: str, key: str, make: Callable[[], bytes], instead: Callable[[], bytes]) -> bytes:
        return self._work.attempt(what, key, make, instead)

    def _bound(self) -> tuple[Resource, ...]:
        return tuple(each.resource for each in self._listeners.results)

    def _secret(self, of: Secret, earlier: Resource | None) -> Resource:
        resource = self._work.resource(SECRET, names.secret(of), secret.secret(of), earlier)
        # The translator, which hears of refusals by version, knows the content and not the message.
        return resource if resource is earlier else replace(resource, version=of.version)

    def _updated_datagrams(self) -> Iterator[Resource]:
        """Yield the clusters and endpoints of the UDP ports."""
        ports = [each for each in self._listeners.values if isinstance(each, DatagramListener)]
        if not ports:
            return
        clusters = [each for each in self._clusters.values if each.upstream.protocol is Protocol.UDP]
        upstreams = {each.upstream: each for each in clusters}
        earlier = {(each.type_url, each.name): each for each in self._datagrams}
        for port in ports:
            name = names.datagram_cluster(port)
            message = udp_proxy.datagram_cluster(port, upstreams)
            yield self._work.resource(CLUSTER, name, message, earlier.get((CLUSTER, name)))
            assignment = udp_proxy.datagram_endpoints(port, upstreams)
            if assignment is not None:
                yield self._work.resource(ENDPOINT, name, assignment, earlier.get((ENDPOINT, name)))


def _reaching_nobody(of: Cluster) -> Cluster:
    nowhere = Discovered(endpoints=())
    return replace(of, endpoints=nowhere, tls=None, retry_budget=DEFAULT_RETRY_BUDGET, settings=STANDARD)


def _upstream(of: Cluster) -> Upstream:
    return of.upstream
