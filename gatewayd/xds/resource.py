"""What crosses the boundary between `xds` and `ads`: named, versioned, already serialised resources.

In: bytes of Envoy messages made by the builders of this package. Out: `Resource` and `Snapshot`.
Invariant: a version is a hash of the content, so two replicas (or one before and after a restart) that hold the same
objects name the same versions, and nothing unchanged is ever sent again.

xDS protocol: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType
from typing import NewType

from gatewayd.ir.carriers import Policies
from gatewayd.ir.fleet import FleetKey

TypeUrl = NewType("TypeUrl", str)

_PREFIX = "type.googleapis.com/envoy.config."
CLUSTER = TypeUrl(f"{_PREFIX}cluster.v3.Cluster")
ENDPOINT = TypeUrl(f"{_PREFIX}endpoint.v3.ClusterLoadAssignment")
FILTER = TypeUrl(f"{_PREFIX}core.v3.TypedExtensionConfig")
LISTENER = TypeUrl(f"{_PREFIX}listener.v3.Listener")
ROUTE = TypeUrl(f"{_PREFIX}route.v3.RouteConfiguration")
SCOPED_ROUTE = TypeUrl(f"{_PREFIX}route.v3.ScopedRouteConfiguration")
SECRET = TypeUrl("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class XdsType:
    """One row of the table of types.

    `phase` orders make-before-break: everything of a lower phase is made (and ACKed) before a higher phase that may
    refer to it; removals go the other way round.
    `wildcard`: Envoy subscribes to all of them without naming any (LDS, CDS).
    """

    url: TypeUrl
    short: str
    phase: int
    wildcard: bool


XDS_TYPES: tuple[XdsType, ...] = (
    XdsType(url=CLUSTER, short="CDS", phase=0, wildcard=True),
    XdsType(url=ENDPOINT, short="EDS", phase=1, wildcard=False),
    XdsType(url=SECRET, short="SDS", phase=1, wildcard=False),
    XdsType(url=FILTER, short="ECDS", phase=2, wildcard=False),
    XdsType(url=ROUTE, short="RDS", phase=3, wildcard=False),
    XdsType(url=SCOPED_ROUTE, short="SRDS", phase=4, wildcard=True),
    XdsType(url=LISTENER, short="LDS", phase=4, wildcard=True),
)
TYPE_BY_URL: Mapping[str, XdsType] = MappingProxyType({row.url: row for row in XDS_TYPES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One xDS resource: `body` is the deterministic serialisation of the message named by `type_url`.

    It is kept in parts: what is the resource's `own`, in one piece or in those that it was put together from, which are
    kept anyway; and a `tail` that it may have in common with thousands.
    """

    type_url: TypeUrl
    name: str
    version: str
    own: bytes | tuple[bytes, ...] = field(compare=False)
    tail: bytes = field(compare=False)

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """Return what the whole is put together from, in order."""
        own = self.own
        return (own, self.tail) if isinstance(own, bytes) else (*own, self.tail)

    @property
    def body(self) -> bytes:
        """Return the whole; equal versions have equal ones."""
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        """Return the length of the whole."""
        return sum(map(len, self.pieces))

    def __repr__(self) -> str:
        """Show no content: a Secret's body holds private keys."""
        return f"Resource({TYPE_BY_URL[self.type_url].short} {self.name} {self.version} {self.size} bytes)"


def content_version(*pieces: bytes) -> str:
    """Return the version of a body: 16 hexadecimal digits of its BLAKE2b hash, whatever pieces it comes in."""
    digest = blake2b(digest_size=8)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def resource(type_url: TypeUrl, name: str, body: bytes) -> Resource:
    """Wrap a serialised message, with the version that its content gives it."""
    return Resource(type_url=type_url, name=name, version=content_version(body), own=body, tail=b"")


Resources = Mapping[str, Resource]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Everything that the Envoys of one fleet shall have: `resources[type_url][name]`.

    Compared by identity; equal content has an equal `version`, whichever `policies` it is made of.
    """

    fleet: FleetKey
    version: str
    resources: Mapping[TypeUrl, Resources]
    policies: Policies = field(default=(), repr=False)

    def of(self, type_url: TypeUrl) -> Resources:
        """Return the resources of one type by name, empty when there are none."""
        return self.resources.get(type_url, _NONE)


_NONE: Resources = MappingProxyType({})


def snapshot(fleet: FleetKey, resources: Iterable[Resource]) -> Snapshot:
    """Collect the resources of one fleet.

    Raises ValueError when two resources of one type share a name: that is a bug in the builders.
    """
    by_type: dict[TypeUrl, dict[str, Resource]] = {row.url: {} for row in XDS_TYPES}
    digest = blake2b(digest_size=8)
    for item in sorted(resources, key=lambda each: (each.type_url, each.name)):
        table = by_type[item.type_url]
        if item.name in table:
            raise ValueError(f"{item!r}: two resources have this name")
        table[item.name] = item
        digest.update(f"{item.type_url}\0{item.name}\0{item.version}\n".encode())
    frozen = {url: MappingProxyType(table) for url, table in by_type.items()}
    return Snapshot(fleet=fleet, version=digest.hexdigest(), resources=MappingProxyType(frozen))
