"""Resources as plain values, for people to read and for `diff` to compare.

In: resources and snapshots. Out: JSON-able mappings in the field names of Envoy's documentation. Invariant: no private
key, API key or password leaves this module, whatever the Secret holds.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2, scoped_route_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf import json_format

from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    FILTER,
    LISTENER,
    ROUTE,
    SCOPED_ROUTE,
    SECRET,
    XDS_TYPES,
    Resource,
    Snapshot,
    TypeUrl,
)

JSON = dict[str, Any]

REDACTED: Final = "<redacted>"
_UNORDERED: Final = ("typed_per_filter_config", "map", "json_format")

_PRIVATE: Final[Mapping[str, tuple[str, ...]]] = {
    "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth": ("credentials",),
    "envoy.extensions.filters.http.basic_auth.v3.BasicAuth": ("users",),
}
"""Fields of messages inside of an Any that hold keys."""
_MESSAGES: Final[Mapping[TypeUrl, Any]] = {
    CLUSTER: cluster_pb2.Cluster,
    ENDPOINT: endpoint_pb2.ClusterLoadAssignment,
    FILTER: extension_pb2.TypedExtensionConfig,
    LISTENER: listener_pb2.Listener,
    ROUTE: route_pb2.RouteConfiguration,
    SCOPED_ROUTE: scoped_route_pb2.ScopedRouteConfiguration,
    SECRET: secret_pb2.Secret,
}


def resource_json(resource: Resource) -> JSON:
    """Return one resource; private keys, API keys and passwords are replaced by a word."""
    message = _MESSAGES[resource.type_url].FromString(resource.body)
    if resource.type_url == SECRET:
        _redact(message)
    # By way of text, because the parts inside of an Any come as another kind of mapping.
    text = json_format.MessageToJson(message, preserving_proto_field_name=True)
    found: JSON = json.loads(text, object_pairs_hook=_ordered)
    return found


def _ordered(pairs: list[tuple[str, Any]]) -> JSON:
    """Return an object in which the entries of maps stand by key: they have no order of their own."""
    found = {key: dict(sorted(each.items())) if key in _UNORDERED else each for key, each in pairs}
    private = _PRIVATE.get(str(found.get("@type", "")).rpartition("/")[2], ())
    return {**found, **{key: REDACTED for key in private if key in found}}


def resource_of(short: str, name: str, version: str, value: JSON) -> Resource:
    """Return a resource of what `resource_json` made of one; what is private is not in it. Raises ValueError."""
    type_url = next((row.url for row in XDS_TYPES if row.short == short), None)
    if type_url is None:
        raise ValueError(f"{short}: there is no such type")
    try:
        message = json_format.ParseDict(_without_redacted(value), _MESSAGES[type_url]())
    except json_format.ParseError as error:
        raise ValueError(f"{short} {name}: {error}") from error
    return Resource(type_url=type_url, name=name, version=version, own=message.SerializeToString(), tail=b"")


def _without_redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_redacted(each) for key, each in value.items() if each != REDACTED}
    return [_without_redacted(each) for each in value] if isinstance(value, list) else value


def without_private(value: Any) -> Any:
    """Return a value of JSON, such as Envoy dumps it, without what messages inside of an Any hold of keys."""
    if isinstance(value, dict):
        private = _PRIVATE.get(str(value.get("@type", "")).rpartition("/")[2], ())
        return {key: REDACTED if key in private else without_private(each) for key, each in value.items()}
    return [without_private(each) for each in value] if isinstance(value, list) else value


def snapshot_json(snapshot: Snapshot) -> JSON:
    """Return all resources of a Gateway: {"CDS": {name: resource}, ...}, types without any left out."""
    return {
        row.short: {name: resource_json(item) for name, item in sorted(snapshot.of(row.url).items())}
        for row in XDS_TYPES
        if snapshot.of(row.url)
    }


def _redact(secret: Any) -> None:
    if secret.HasField("tls_certificate"):
        certificate = secret.tls_certificate
        for field in ("private_key", "password", "pkcs12"):
            if certificate.HasField(field):
                getattr(certificate, field).inline_string = REDACTED
        chain = certificate.certificate_chain
        chain.inline_string = chain.inline_bytes.decode("ascii", "replace") or chain.inline_string
    elif secret.HasField("validation_context"):
        trusted = secret.validation_context.trusted_ca
        trusted.inline_string = trusted.inline_bytes.decode("ascii", "replace") or trusted.inline_string
    else:
        # No other kind of Secret is made here; should one be, nothing of it is shown.
        name = secret.name
        secret.Clear()
        secret.name = name
