"""A snapshot as a bootstrap without a control plane: everything that would come by xDS stands in the file."""

import json
from collections.abc import Iterator
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2, scoped_route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2, tls_pb2
from google.protobuf import any_pb2, json_format, message

from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, SCOPED_ROUTE, SECRET, Snapshot

Json = dict[str, Any]
_Filter = http_connection_manager_pb2.HttpFilter
_Manager = http_connection_manager_pb2.HttpConnectionManager
_REWRITTEN = {
    f"type.googleapis.com/{each.DESCRIPTOR.full_name}": each
    for each in (_Manager, tls_pb2.DownstreamTlsContext, tls_pb2.UpstreamTlsContext)
}


def static_config(snapshot: Snapshot, folder: str) -> Json:
    """Return our own bootstrap with the snapshot's resources in the place of the control plane's address."""
    found = bootstrap(
        node="golden",
        fleet=snapshot.fleet,
        control_plane=UnixSocket(path=f"{folder}/xds"),
        admin=AdminSocket(path=f"{folder}/admin"),
        probes_port=None,
        drain=None,
    )
    found.pop("dynamic_resources")
    static = found.setdefault("static_resources", {})
    static.setdefault("clusters", []).extend(map(_json, _clusters(snapshot)))
    static.setdefault("listeners", []).extend(map(_json, _listeners(snapshot)))
    static.setdefault("secrets", []).extend(
        _json(secret_pb2.Secret.FromString(each.body)) for each in snapshot.of(SECRET).values()
    )
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def _json(of: Any) -> Json:
    found: Json = json.loads(json_format.MessageToJson(of, preserving_proto_field_name=True))
    return found


def _clusters(snapshot: Snapshot) -> Iterator[Any]:
    for resource in snapshot.of(CLUSTER).values():
        cluster = cluster_pb2.Cluster.FromString(resource.body)
        if cluster.type == cluster_pb2.Cluster.EDS:
            cluster.ClearField("eds_cluster_config")
            cluster.type = cluster_pb2.Cluster.STATIC
            endpoints = snapshot.of(ENDPOINT)[cluster.name].body
            cluster.load_assignment.CopyFrom(endpoint_pb2.ClusterLoadAssignment.FromString(endpoints))
        _rewrite(cluster, snapshot)
        yield cluster


def _listeners(snapshot: Snapshot) -> Iterator[Any]:
    for resource in snapshot.of(LISTENER).values():
        listener = listener_pb2.Listener.FromString(resource.body)
        _rewrite(listener, snapshot)
        yield listener


def _rewrite(found: message.Message, snapshot: Snapshot) -> None:
    """Put what is referred to in the place of the references, at any depth and within every Any."""
    if isinstance(found, any_pb2.Any):
        kind = _REWRITTEN.get(found.type_url)
        if kind is not None:
            inner = kind.FromString(found.value)
            _rewrite(inner, snapshot)
            found.value = inner.SerializeToString()
        return
    if isinstance(found, _Manager) and found.HasField("rds"):
        found.route_config.CopyFrom(_routes(found.rds.route_config_name, snapshot))
    if isinstance(found, _Manager) and found.HasField("scoped_routes"):
        found.scoped_routes.ClearField("rds_config_source")
        scopes = found.scoped_routes.scoped_route_configurations_list.scoped_route_configurations
        scopes.extend(_scopes(found.scoped_routes.name, snapshot))
    if isinstance(found, _Filter) and found.HasField("config_discovery"):
        typed = extension_pb2.TypedExtensionConfig.FromString(snapshot.of(FILTER)[found.name].body)
        found.typed_config.CopyFrom(typed.typed_config)
    if isinstance(found, secret_pb2.SdsSecretConfig):
        found.ClearField("sds_config")
    for field, value in found.ListFields():
        if field.message_type is not None:
            for each in _parts(field, value):
                _rewrite(each, snapshot)


def _routes(name: str, snapshot: Snapshot) -> Any:
    return route_pb2.RouteConfiguration.FromString(snapshot.of(ROUTE)[name].body)


def _scopes(table: str, snapshot: Snapshot) -> Iterator[Any]:
    """Yield the scopes of a table with their routes; a proxy gets those of all tables, and finds none of the others."""
    for resource in snapshot.of(SCOPED_ROUTE).values():
        scope = scoped_route_pb2.ScopedRouteConfiguration.FromString(resource.body)
        if scope.key.fragments[0].string_key.partition("|")[0] == table:
            scope.route_configuration.CopyFrom(_routes(scope.route_configuration_name, snapshot))
            scope.ClearField("route_configuration_name")
            yield scope


def _parts(field: Any, value: Any) -> Iterator[message.Message]:
    if not field.is_repeated:
        yield value
    elif field.message_type.GetOptions().map_entry:
        yield from (each for each in value.values() if isinstance(each, message.Message))
    else:
        yield from value
