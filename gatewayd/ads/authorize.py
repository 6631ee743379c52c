"""Who a client is: the Gateway whose configuration it may have.

In: `Peer`, what the transport proves about a connection. Out: the Gateway, `namespace/name`, or why not.
Over TLS the answer comes from the verified client certificate alone. A Node message is a client's own words and decides
nothing there. On the Unix socket everybody is the one user who owns it (mode 0600 in a directory of mode 0700): only
there `node.cluster` may choose between that user's Gateways.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from gatewayd.identity.certificates import gateway_identity


class Transport(Enum):
    """How a client is connected."""

    UNIX = "unix"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A connection: `identities` are the URI names of the verified client certificate, `node_cluster` is only said."""

    transport: Transport
    identities: tuple[str, ...]
    node_cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The client is an Envoy of this Gateway, `namespace/name`."""

    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The client gets nothing. `is_known`: it proved who it is, and that is nobody who may ask."""

    message: str
    is_known: bool


class Authorizer(Protocol):
    """Decides for every stream and every call; there is no way around it."""

    def __call__(self, peer: Peer) -> Allowed | Denied:
        """Return the Gateway of a client, or why it has none."""


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name as a whole has at most 253 characters; unlike a namespace's, its parts have no limit of their own.
_PART = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAME = rf"(?=.{{1,253}}\Z){_PART}(?:\.{_PART})*"
_GATEWAY = re.compile(rf"({_LABEL})/({_NAME})")
_SPIFFE = re.compile(rf"spiffe://gatewayd/ns/({_LABEL})/gateway/({_NAME})")


def spiffe_id(gateway: str) -> str:
    """Return the URI that a certificate of a Gateway's Envoys carries; `gateway` is `namespace/name`."""
    namespace, _, name = gateway.partition("/")
    return gateway_identity(namespace, name)


def authorize(peer: Peer) -> Allowed | Denied:
    """Take a client as what its certificate says, or on the Unix socket as what it says itself."""
    if peer.transport is Transport.UNIX:
        return _by_node(peer.node_cluster)
    return _by_certificate(peer.identities)


def _by_certificate(identities: tuple[str, ...]) -> Allowed | Denied:
    """Read the one URI name of a certificate.

    SPIFFE: "An X.509 SVID MUST contain exactly one URI SAN":
    https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id
    """
    if len(identities) != 1:
        return Denied(message=f"client certificate: {len(identities)} URI names; exactly 1 is allowed", is_known=False)
    found = _SPIFFE.fullmatch(identities[0])
    if found is None:
        return Denied(
            message="client certificate: no Gateway; spiffe://gatewayd/ns/NAMESPACE/gateway/NAME is allowed",
            is_known=True,
        )
    return Allowed(gateway=f"{found[1]}/{found[2]}")


def _by_node(cluster: str) -> Allowed | Denied:
    """Read `node.cluster`."""
    if _GATEWAY.fullmatch(cluster) is None:
        return Denied(message="node.cluster: no Gateway; NAMESPACE/NAME is allowed", is_known=True)
    return Allowed(gateway=cluster)
