"""What member clusters offer: rows of their own, beside the objects of the cluster that gatewayd runs in.

A member has no other way in: whatever it says, it says of endpoints behind ServiceImports in namespaces that it was
allowed, and of nothing else (docs/decisions/0043-members-offer-endpoints-and-nothing-else.md).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ExportKey(NamedTuple):
    """What one member offers under one name."""

    cluster: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} of {self.cluster}"


class ExportedEndpoint(NamedTuple):
    """One address, with the port of the pod. One that is not `ready` still serves, and is about to end.

    `zone`: the one that its clients are in, as the member's slices say it; "" where they say none.
    """

    address: str
    port: int
    ready: bool
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPort:
    """A port of the member's Service, and who is behind it; `transport` is "TCP" or "UDP"."""

    number: int
    transport: str
    app_protocol: str
    endpoints: tuple[ExportedEndpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A Service that a member exports. `created`: when it says that it did so, which proves nothing.

    `left_out` says of what the member offers why no proxy is sent there.
    """

    cluster: str
    namespace: str
    name: str
    created: str
    ports: tuple[ExportedPort, ...]
    left_out: tuple[str, ...] = ()


class WhenStale(StrEnum):
    """What becomes of a member's endpoints when it has not been heard of for long."""

    KEEP = "Keep"
    DEMOTE = "Demote"
    REMOVE = "Remove"


class Standing(StrEnum):
    """How far what is known of a member is what is so."""

    CURRENT = "current"
    """It is watched, and everything has been listed."""
    KEPT = "kept"
    """It is what the member said last: it cannot be reached, or has not been listed since this process began."""
    STALE = "stale"
    """The same, for long."""
    LEAVING = "leaving"
    """It is no member any more, and has no new requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCluster:
    """A cluster whose endpoints are used. Of two that say the same, the one of the lower `trust` is believed.

    `region` is "" where nobody says one.
    """

    trust: int
    region: str
    when_stale: WhenStale
    standing: Standing
