"""A model of an Envoy on the incremental protocol, with the real messages: what it has, warms, uses and says.

It asks for what its clusters, listeners, scopes and TLS contexts name, warms a cluster until it has endpoints and
secrets, holds its ACK of clusters back meanwhile, and remembers what it has when its stream ends. `check_routes` is the
promise under test: no route that it takes leads to a cluster that is absent or still cold.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol
"""

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import any_pb2, symbol_database

from gatewayd.ir.fleet import FleetKey
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, SCOPED_ROUTE, SECRET, XDS_TYPES, TypeUrl

_SYMBOLS = symbol_database.Default()
_MESSAGES = {
    CLUSTER: "envoy.config.cluster.v3.Cluster",
    ENDPOINT: "envoy.config.endpoint.v3.ClusterLoadAssignment",
    LISTENER: "envoy.config.listener.v3.Listener",
    ROUTE: "envoy.config.route.v3.RouteConfiguration",
    FILTER: "envoy.config.core.v3.TypedExtensionConfig",
    SCOPED_ROUTE: "envoy.config.route.v3.ScopedRouteConfiguration",
    SECRET: "envoy.extensions.transport_sockets.tls.v3.Secret",
}
INVALID_BACKEND = "invalid-backend"
"""A share of requests that fails on purpose: its cluster is nowhere."""
_CLUSTER_FIELDS = frozenset({"cluster", "cluster_name"})


class BrokenPromiseError(AssertionError):
    """The control plane did what it must never do."""


@lru_cache(maxsize=4096)
def parsed(url: TypeUrl, body: bytes) -> Any:
    """Return the message of a resource."""
    return _SYMBOLS.GetSymbol(_MESSAGES[url]).FromString(body)


def messages(message: Any) -> Iterator[Any]:
    """Yield a message and all within it; what is packed is unpacked where its type is known."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = value.values() if field.message_type.fields_by_name["value"].message_type else ()
        else:
            inner = value if field.is_repeated else (value,)
        for each in inner:
            yield from messages(_unpacked(each) if isinstance(each, any_pb2.Any) else each)


def _unpacked(packed: Any) -> Any:
    try:
        kind = _SYMBOLS.GetSymbol(packed.type_url.rpartition("/")[2])
    except KeyError:
        return any_pb2.Any()
    return kind.FromString(packed.value)


@lru_cache(maxsize=4096)
def clusters_named(url: TypeUrl, body: bytes) -> frozenset[str]:
    """Return the clusters that a resource leads to."""
    found = set()
    for message in messages(parsed(url, body)):
        for field, value in message.ListFields():
            if field.name in _CLUSTER_FIELDS and isinstance(value, str):
                found.add(value)
            if field.name == "name" and message.DESCRIPTOR.name == "ClusterWeight":
                found.add(value)
    return frozenset(found)


@lru_cache(maxsize=4096)
def routes_in(body: bytes) -> frozenset[tuple[str, str, str]]:
    """Return kind, namespace and name of the objects whose rules are in a RouteConfiguration."""
    names = (
        message.name for message in messages(parsed(ROUTE, body)) if isinstance(message, route_components_pb2.Route)
    )
    parts = (name.split("/") for name in names if "/rule/" in name)
    return frozenset((kind, namespace, name) for kind, namespace, name, *_ in parts)


@lru_cache(maxsize=4096)
def secrets_named(url: TypeUrl, body: bytes) -> frozenset[str]:
    """Return the secrets that a cluster or listener gets by SDS."""
    return frozenset(
        each.name
        for each in messages(parsed(url, body))
        if isinstance(each, secret_pb2.SdsSecretConfig) and each.HasField("sds_config")
    )


@lru_cache(maxsize=4096)
def tables_named(body: bytes) -> tuple[frozenset[str], bool, frozenset[str]]:
    """Return the RouteConfigurations that a listener gets by RDS, whether it uses scopes, and its filters by ECDS."""
    managers = [each for each in messages(parsed(LISTENER, body)) if isinstance(each, hcm_pb2.HttpConnectionManager)]
    tables = frozenset(each.rds.route_config_name for each in managers if each.HasField("rds"))
    filters = (each for manager in managers for each in manager.http_filters)
    discovered = frozenset(each.name for each in filters if each.HasField("config_discovery"))
    return tables, any(each.HasField("scoped_routes") for each in managers), discovered


class ModelEnvoy:
    """One proxy. `says` are the requests that it has not sent yet."""

    def __init__(self, node: str, fleet: FleetKey) -> None:
        self.node = node
        self.fleet = fleet
        self.has: dict[TypeUrl, dict[str, Any]] = {row.url: {} for row in XDS_TYPES}
        self.warming: set[str] = set()
        self.cold: set[str] = set()
        self.refuses: TypeUrl | None = None
        self.refused: set[str] = set()
        self.pushes = 0
        self.sent_again = 0
        self.says: deque[discovery_pb2.DeltaDiscoveryRequest] = deque()
        self._held: deque[discovery_pb2.DeltaDiscoveryRequest] = deque()
        self._wants: dict[TypeUrl, set[str]] = {}
        self._first: set[TypeUrl] = set()

    def connect(self) -> None:
        """Open a stream: say who we are, and ask for each type with the versions that we have."""
        self.says.clear()
        self._held.clear()
        self._wants = {row.url: set() for row in XDS_TYPES if not row.wildcard}
        self._first = {row.url for row in XDS_TYPES}
        for url in (CLUSTER, LISTENER):
            self.says.append(self._request(url))
        self._want_more()

    def _request(self, url: TypeUrl, **more: Any) -> discovery_pb2.DeltaDiscoveryRequest:
        request = discovery_pb2.DeltaDiscoveryRequest(type_url=url, **more)
        if url in self._first:
            self._first.discard(url)
            request.node.id, request.node.cluster = self.node, str(self.fleet)
            kept = (
                self.has[url] if url in (CLUSTER, LISTENER, SCOPED_ROUTE) else self._wants[url] & self.has[url].keys()
            )
            request.initial_resource_versions.update({name: self.has[url][name].version for name in kept})
        return request

    def _want_more(self) -> None:
        """Ask for what is named now and was not before; no more for what nobody names."""
        named: dict[TypeUrl, set[str]] = {ENDPOINT: set(), SECRET: set(), ROUTE: set(), FILTER: set()}
        scoped = False
        for name, item in self.has[CLUSTER].items():
            if parsed(CLUSTER, item.resource.value).type == cluster_pb2.Cluster.EDS:
                named[ENDPOINT].add(parsed(CLUSTER, item.resource.value).eds_cluster_config.service_name or name)
            named[SECRET] |= secrets_named(CLUSTER, item.resource.value)
        for item in self.has[LISTENER].values():
            named[SECRET] |= secrets_named(LISTENER, item.resource.value)
            tables, uses_scopes, filters = tables_named(item.resource.value)
            named[FILTER] |= filters
            named[ROUTE] |= tables
            scoped |= uses_scopes
        for item in self.has[SCOPED_ROUTE].values():
            named[ROUTE].add(parsed(SCOPED_ROUTE, item.resource.value).route_configuration_name)
        if scoped and SCOPED_ROUTE in self._first:
            self.says.append(self._request(SCOPED_ROUTE))
        for url, names in named.items():
            old, self._wants[url] = self._wants[url], names
            for gone in old - names:
                self.has[url].pop(gone, None)
            if old != names:
                more, less = sorted(names - old), sorted(old - names)
                self.says.append(self._request(url, resource_names_subscribe=more, resource_names_unsubscribe=less))

    def take(self, data: bytes) -> None:
        """Take a response and answer it."""
        response = discovery_pb2.DeltaDiscoveryResponse.FromString(data)
        url = TypeUrl(response.type_url)
        self.pushes += 1
        if url == self.refuses and response.resources:
            self._refuse(url, response)
            return
        for item in response.resources:
            if url in self._wants and item.name not in self._wants[url]:
                continue
            self._keep(url, item)
        for name in response.removed_resources:
            self.has[url].pop(name, None)
            if url == CLUSTER:
                self.warming.discard(name)
                self.cold.discard(name)
        self._want_more()
        self._warm()
        if url in (ROUTE, LISTENER, SCOPED_ROUTE, CLUSTER):
            self.check_routes()
        ack = self._request(url, response_nonce=response.nonce)
        (self._held if url == CLUSTER and self.warming else self.says).append(ack)
        if not self.warming:
            self.says.extend(self._held)
            self._held.clear()

    def _keep(self, url: TypeUrl, item: discovery_pb2.Resource) -> None:
        before = self.has[url].get(item.name)
        is_new = before is None or before.version != item.version
        self.sent_again += not is_new
        if url == CLUSTER and is_new:
            self.warming.add(item.name)
            self.cold |= {item.name} if before is None else set()
        if url != CLUSTER:
            self.refused.discard(item.name)
        self.has[url][item.name] = item

    def _warm(self) -> None:
        """Take out of warming what has all that it needs."""
        for name in list(self.warming):
            message = parsed(CLUSTER, self.has[CLUSTER][name].resource.value)
            endpoints = message.eds_cluster_config.service_name or name
            fed = message.type != cluster_pb2.Cluster.EDS or endpoints in self.has[ENDPOINT]
            if fed and secrets_named(CLUSTER, self.has[CLUSTER][name].resource.value) <= self.has[SECRET].keys():
                self.warming.discard(name)
                self.cold.discard(name)
                self.refused.discard(name)

    def _refuse(self, url: TypeUrl, response: discovery_pb2.DeltaDiscoveryResponse) -> None:
        """Refuse a response as a whole, in words that blame its first resource where Envoy names one."""
        blamed = response.resources[0].name
        self.refused |= {item.name for item in response.resources}
        words = {
            CLUSTER: f"Error adding/updating cluster(s) {blamed}: no",
            LISTENER: f"Error adding/updating listener(s) {blamed}: no",
        }
        nack = self._request(url, response_nonce=response.nonce)
        nack.error_detail.message = words.get(url, "no")
        self.says.append(nack)

    def check_routes(self) -> None:
        """Raise BrokenPromiseError when a route that is in use leads to no cluster, or to one that never was warm.

        Of clusters that it refused, itself or what they need, an Envoy has no right to expect anything until they are
        warm: routes to them may be there by then.
        """
        for name, item in self.has[ROUTE].items():
            for cluster in clusters_named(ROUTE, item.resource.value) - {INVALID_BACKEND} - self.refused:
                if cluster not in self.has[CLUSTER] or cluster in self.cold:
                    what = "cold" if cluster in self.has[CLUSTER] else "not there"
                    raise BrokenPromiseError(
                        f"{self.node}: route table {name} leads to cluster {cluster}, which is {what}"
                    )

    @property
    def has_listeners(self) -> bool:
        """Return whether it serves anything."""
        return bool(self.has[LISTENER])

    def versions(self) -> dict[TypeUrl, dict[str, str]]:
        """Return the versions of all that it has."""
        return {url: {name: item.version for name, item in table.items()} for url, table in self.has.items()}
