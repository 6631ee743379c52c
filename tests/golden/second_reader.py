"""The same bytes, read by two implementations of protobuf that have nothing in common.

`xds-protos` (C, upb) writes and reads our resources; `envoy-data-plane` (betterproto2, pure Python) knows Envoy's API
from its own generator. What one of them would hide (a field that is lost, another number) shows as a difference.
"""

import dataclasses
import importlib
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import betterproto2
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2, scoped_route_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf import symbol_database

from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, SCOPED_ROUTE, SECRET, Resource

_FIRST: dict[str, Any] = {
    CLUSTER: cluster_pb2.Cluster,
    ENDPOINT: endpoint_pb2.ClusterLoadAssignment,
    FILTER: extension_pb2.TypedExtensionConfig,
    LISTENER: listener_pb2.Listener,
    ROUTE: route_pb2.RouteConfiguration,
    SCOPED_ROUTE: scoped_route_pb2.ScopedRouteConfiguration,
    SECRET: secret_pb2.Secret,
}


def _module(name: str) -> Any:
    """Import a part of the second reader, whose use of its own libraries is not our concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"envoy_data_plane.{name}")


_SECOND: dict[str, type[betterproto2.Message]] = {
    CLUSTER: _module("envoy.config.cluster.v3").Cluster,
    ENDPOINT: _module("envoy.config.endpoint.v3").ClusterLoadAssignment,
    FILTER: _module("envoy.config.core.v3").TypedExtensionConfig,
    LISTENER: _module("envoy.config.listener.v3").Listener,
    ROUTE: _module("envoy.config.route.v3").RouteConfiguration,
    SCOPED_ROUTE: _module("envoy.config.route.v3").ScopedRouteConfiguration,
    SECRET: _module("envoy.extensions.transport_sockets.tls.v3").Secret,
}
_ANY = "google.protobuf.Any"


def differences(resource: Resource) -> list[str]:
    """Return where the two readings of a resource differ, as field paths."""
    return compared(resource, resource)


def compared(one: Resource, other: Resource) -> list[str]:
    """Return where the first reader's `one` and the second reader's `other` differ."""
    first = _FIRST[one.type_url].FromString(one.body)
    second = _SECOND[other.type_url].parse(other.body)
    return list(_messages(first, second, one.name))


def _messages(first: Any, second: Any, path: str) -> Iterator[str]:
    """Compare field by field, all that there are: set in one must be set in the other."""
    names = {field.metadata["betterproto"].number: field.name for field in dataclasses.fields(second) if field.metadata}
    unknown = getattr(second, "_unknown_fields", b"")
    if unknown:
        yield f"{path}: the second reader does not know {unknown!r}"
    for field in first.DESCRIPTOR.fields:
        at = f"{path}.{field.name}"
        if field.number in names:
            yield from _fields(field, first, getattr(second, names[field.number]), at)
        elif field in {each for each, _ in first.ListFields()}:
            yield f"{at}: the second reader has no such field"
    if first.DESCRIPTOR.full_name == _ANY:
        yield from _inside(first, path)


def _fields(field: Any, first: Any, second: Any, at: str) -> Iterator[str]:
    value = getattr(first, field.name)
    if field.is_repeated:
        yield from _repeated(field, value, second, at)
    elif field.has_presence:
        is_set = first.HasField(field.name)
        if is_set is not (second is not None):
            yield f"{at}: set for one reader only"
        elif is_set:
            yield from _values(field, value, second, at)
    else:
        yield from _values(field, value, second, at)


def _repeated(field: Any, first: Any, second: Any, at: str) -> Iterator[str]:
    if len(first) != len(second):
        yield f"{at}: {len(first)} and {len(second)} entries"
    elif field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        for key in first:
            yield from _values(inner, first[key], second[key], f"{at}[{key}]")
    else:
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _values(field, one, other, f"{at}[{number}]")


def _values(field: Any, first: Any, second: Any, at: str) -> Iterator[str]:
    if field.message_type is None:
        if first != second:
            yield f"{at}: {first!r} and {second!r}"
    elif isinstance(second, betterproto2.Message):
        yield from _messages(first, second, at)
    elif _plain(first) != second:
        yield f"{at}: {first!r} and {second!r}"


def _plain(message: Any) -> Any:
    """Return a well-known type as the value that the second reader makes of it."""
    if message.DESCRIPTOR.full_name == "google.protobuf.Duration":
        return timedelta(seconds=message.seconds, microseconds=message.nanos / 1000)
    return message.value


def _inside(packed: Any, path: str) -> Iterator[str]:
    if not packed.type_url:
        return
    name = packed.type_url.rpartition("/")[2]
    first = symbol_database.Default().GetSymbol(name)
    package, _, message = name.rpartition(".")
    # "HTTPFault" is called "HttpFault" there.
    by_name = {each.lower(): value for each, value in vars(_module(package)).items()}
    second: type[betterproto2.Message] = by_name[message.lower()]
    yield from _messages(first.FromString(packed.value), second.parse(packed.value), f"{path}<{name}>")
