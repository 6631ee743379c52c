"""Who a client is: the Gateway whose configuration it may have.

In: `Peer`, what the transport proves about a connection. Out: the Gateway, or why not.
Over TLS the answer comes from the verified client certificate alone. A Node message is a client's own words and decides
nothing there. On the Unix socket everybody is the one user who owns it (mode 0600 in a directory of mode 0700): only
there `node.cluster` may choose between that user's Gateways.

A certificate is for one Gateway object, by its uid: one that is made again under the same name is another
(docs/decisions/0018-a-certificate-is-for-one-gateway-object.md).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Protocol, TypeAlias

from gatewayd.identity.certificates import issued_at
from gatewayd.ir.fleet import (
    MESH_FLEET,
    NAME_PATTERN,
    NAMESPACE_PATTERN,
    FleetKey,
    FleetKeyError,
    GatewayFleet,
    fleet_key,
)
from gatewayd.own_group import IDENTITY, NODE_IDENTITY


class Transport(Enum):
    """How a client is connected."""

    UNIX = "unix"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A connection: `node_cluster` is only said.

    `identities` are the URI names of the verified client certificate, which `certificate` is, PEM.
    """

    transport: Transport
    identities: tuple[str, ...]
    node_cluster: str
    certificate: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The client is an Envoy of this fleet; `uid` of its Gateway is "" where nothing says it."""

    fleet: FleetKey
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The client gets nothing. `is_known`: it proved who it is, and that is nobody who may ask."""

    message: str
    is_known: bool


class Authorizer(Protocol):
    """Decides for every stream and every call; there is no way around it."""

    def __call__(self, peer: Peer) -> Allowed | Denied:
        """Return the Gateway of a client, or why it has none."""


# Kubernetes makes uids of 36 characters, and lets others make them.
_UID = r"[A-Za-z0-9-]{1,128}"
_SPIFFE = re.compile(rf"{re.escape(IDENTITY)}({NAMESPACE_PATTERN})/gateway/({NAME_PATTERN})(?:/uid/({_UID}))?")
_NODE: Final = f"{NODE_IDENTITY}{MESH_FLEET.name}"


class Unlisted(Enum):
    """Nobody knows yet which Gateways there are."""

    UNLISTED = "unlisted"


UNLISTED: Final = Unlisted.UNLISTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Incarnation:
    """A Gateway object that there is: its uid, and when it was made, in RFC 3339."""

    uid: str
    created: str


Incarnations: TypeAlias = Callable[[GatewayFleet], Incarnation | Unlisted | None]
"""Return what is known of a Gateway; None when there is none."""


def bound(incarnations: Incarnations) -> Authorizer:
    """Return who decides by certificates alone, and takes each for one Gateway object only.

    While nobody knows which Gateways there are a client may wait, since it is given nothing; it is to be asked about
    again.
    """

    def decide(peer: Peer) -> Allowed | Denied:
        decision = authorize(peer)
        if isinstance(decision, Denied) or peer.transport is Transport.UNIX:
            return decision
        if not isinstance(decision.fleet, GatewayFleet):
            return decision  # the mesh is no object that could be made anew
        incarnation = incarnations(decision.fleet)
        if isinstance(incarnation, Unlisted) or (incarnation is not None and _is_for(decision, peer, incarnation)):
            return decision
        words = "does not exist" if incarnation is None else "was made anew; its own certificate is allowed"
        return Denied(message=f"client certificate: Gateway {decision.fleet} {words}", is_known=True)

    return decide


def _is_for(allowed: Allowed, peer: Peer, incarnation: Incarnation) -> bool:
    """Return whether a certificate is of this very object.

    One without a uid, of a gatewayd of before, was made while its Gateway was there: so it is of this object if it is
    not older than it. All of them end within 30 days, and nobody makes another.
    """
    if allowed.uid:
        return allowed.uid == incarnation.uid
    try:
        return issued_at(peer.certificate) >= datetime.fromisoformat(incarnation.created)
    except (ValueError, TypeError):
        return False


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
    if identities[0] == _NODE:
        return Allowed(fleet=MESH_FLEET)
    found = _SPIFFE.fullmatch(identities[0])
    if found is None:
        allowed = f"{IDENTITY}NAMESPACE/gateway/NAME/uid/UID or {_NODE}"
        return Denied(message=f"client certificate: no Gateway, and no node's; {allowed} is allowed", is_known=True)
    return Allowed(fleet=GatewayFleet(namespace=found[1], name=found[2]), uid=found[3] or "")


def _by_node(cluster: str) -> Allowed | Denied:
    """Read `node.cluster`."""
    try:
        return Allowed(fleet=fleet_key(cluster))
    except FleetKeyError:
        message = f"node.cluster: no fleet; NAMESPACE/NAME of a Gateway or {MESH_FLEET} is allowed"
        return Denied(message=message, is_known=True)
