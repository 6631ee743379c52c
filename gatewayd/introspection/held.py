"""What an Envoy really has: its /config_dump as resources, and how they differ from those that it should have.

In: the answer of Envoy, as JSON, and published resources. Out: `HeldResource`s and `Deviation`s. Invariant: of a Secret
nothing is kept but its name, its version and the certificates in it; other fields that hold keys are redacted.
https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin#get--config_dump
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/admin/v3/config_dump.proto
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.introspection.published import PublishedResource
from gatewayd.xds.bootstrap import OWN_SECRETS
from gatewayd.xds.dump import without_private

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldResource:
    """One dynamic resource; `type` as "RDS", `state` as "active" or "warming", `version` "" where Envoy tells none."""

    type: str
    name: str
    version: str
    state: str
    updated: str
    content: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A resource that is not as it should be."""

    type: str
    name: str
    says: str


def held(dump: JSON) -> tuple[HeldResource, ...]:
    """Return the resources that came by xDS, by type and name; what the bootstrap has is left out."""
    resources: list[HeldResource] = []
    for section in dump.get("configs", ()):
        read = _SECTIONS.get(str(section.get("@type", "")).rpartition(".")[2])
        if read is not None:
            resources += read(section)
    return tuple(sorted(resources, key=lambda each: (each.type, each.name, each.state)))


def _resource(kind: str, entry: JSON, content: JSON, state: str, name_field: str = "name") -> HeldResource:
    return HeldResource(
        type=kind,
        name=str(content.get(name_field, entry.get("name", ""))),
        version=str(entry.get("version_info", "")),
        state=state,
        updated=str(entry.get("last_updated", "")),
        content=content,
    )


def _clusters(section: JSON) -> Iterator[HeldResource]:
    for state in ("active", "warming"):
        for entry in section.get(f"dynamic_{state}_clusters", ()):
            yield _resource("CDS", entry, without_private(entry["cluster"]), state)


def _listeners(section: JSON) -> Iterator[HeldResource]:
    for listener in section.get("dynamic_listeners", ()):
        for state in ("active", "warming", "draining"):
            entry = listener.get(f"{state}_state")
            if entry is not None:
                yield _resource("LDS", entry, without_private(entry["listener"]), state)


def _routes(section: JSON) -> Iterator[HeldResource]:
    for entry in section.get("dynamic_route_configs", ()):
        yield _resource("RDS", entry, without_private(entry["route_config"]), "active")


def _scopes(section: JSON) -> Iterator[HeldResource]:
    for entry in section.get("dynamic_scoped_route_configs", ()):
        for scope in entry.get("scoped_route_configs", ()):
            # The version is that of the set, not of a scope.
            yield _resource("SRDS", {"last_updated": entry.get("last_updated", "")}, scope, "active")


def _filters(section: JSON) -> Iterator[HeldResource]:
    for entry in section.get("ecds_filters", ()):
        yield _resource("ECDS", entry, without_private(entry["ecds_filter"]), "active")


def _endpoints(section: JSON) -> Iterator[HeldResource]:
    for entry in section.get("dynamic_endpoint_configs", ()):
        yield _resource("EDS", entry, entry["endpoint_config"], "active", "cluster_name")


def _secrets(section: JSON) -> Iterator[HeldResource]:
    for state in ("active", "warming"):
        for entry in section.get(f"dynamic_{state}_secrets", ()):
            if entry.get("name") not in OWN_SECRETS:
                yield _resource("SDS", entry, _public(entry), state)


def _public(entry: JSON) -> JSON:
    """Return what of a Secret anybody may see: its name, and certificates, which every client is shown."""
    secret = entry.get("secret", {})
    for kind, field in (("tls_certificate", "certificate_chain"), ("validation_context", "trusted_ca")):
        if kind in secret:
            return {"name": entry.get("name", ""), "kind": kind, "certificates": _text(secret[kind].get(field, {}))}
    return {"name": entry.get("name", ""), "kind": "shared" if secret else "none", "certificates": ""}


def _text(source: JSON) -> str:
    if "inline_bytes" in source:
        try:
            return base64.b64decode(source["inline_bytes"]).decode("ascii", "replace")
        except binascii.Error:
            return ""
    return str(source.get("inline_string", ""))


_SECTIONS: Final[Mapping[str, Callable[[JSON], Iterator[HeldResource]]]] = {
    "ClustersConfigDump": _clusters,
    "ListenersConfigDump": _listeners,
    "RoutesConfigDump": _routes,
    "ScopedRoutesConfigDump": _scopes,
    "EcdsConfigDump": _filters,
    "EndpointsConfigDump": _endpoints,
    "SecretsConfigDump": _secrets,
}
"""How each part of the answer is read; what has no row is not ours."""


def deviations(resources: Iterable[HeldResource], wanted: Iterable[PublishedResource]) -> tuple[Deviation, ...]:
    """Return how what an Envoy has differs from what is published for it.

    Endpoints and scopes have no versions there; of endpoints the addresses are compared.
    """
    has: dict[tuple[str, str], HeldResource] = {}
    for resource in resources:
        if resource.state == "active":
            has[resource.type, resource.name] = resource
    waits = {(each.type, each.name) for each in resources if each.state == "warming"}
    shall = {(each.type, each.name): each for each in wanted}
    found = [*_missing(shall, has, waits), *_beyond(has, shall), *_other(has, shall)]
    return tuple(sorted(found, key=lambda each: (each.type, each.name)))


_Names = Mapping[tuple[str, str], Any]


def _missing(shall: _Names, has: _Names, waits: set[tuple[str, str]]) -> Iterator[Deviation]:
    for kind, name in shall.keys() - has.keys():
        says = "is warming: something that it refers to has not come" if (kind, name) in waits else "is missing"
        yield Deviation(type=kind, name=name, says=says)


def _beyond(has: _Names, shall: _Names) -> Iterator[Deviation]:
    for kind, name in has.keys() - shall.keys():
        yield Deviation(type=kind, name=name, says="is there and not published any more")


def _other(has: Mapping[tuple[str, str], HeldResource], shall: _Names) -> Iterator[Deviation]:
    for key in has.keys() & shall.keys():
        resource, published = has[key], shall[key]
        if resource.version and resource.version != published.version:
            says = f"has version {resource.version}, published is {published.version}"
            yield Deviation(type=resource.type, name=resource.name, says=says)
        elif resource.type == "EDS" and published.content is not None:
            mine, theirs = addresses(resource.content), addresses(published.content)
            if mine != theirs:
                says = f"has {_listed(mine - theirs)} beyond and lacks {_listed(theirs - mine)}"
                yield Deviation(type=resource.type, name=resource.name, says=says)


def _listed(addresses_of: frozenset[str]) -> str:
    return ", ".join(sorted(addresses_of)) or "nothing"


def addresses(assignment: JSON) -> frozenset[str]:
    """Return the addresses of a ClusterLoadAssignment."""
    return frozenset(
        address_text(endpoint.get("endpoint", {}).get("address", {}))
        for locality in assignment.get("endpoints", ())
        for endpoint in locality.get("lb_endpoints", ())
    )


def address_text(address: JSON) -> str:
    """Return an address of Envoy's as `HOST:PORT`, or a path."""
    if "pipe" in address:
        return str(address["pipe"].get("path", ""))
    of_socket = address.get("socket_address", {})
    host = str(of_socket.get("address", ""))
    return f"[{host}]:{of_socket.get('port_value', 0)}" if ":" in host else f"{host}:{of_socket.get('port_value', 0)}"
