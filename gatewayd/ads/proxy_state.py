"""What one proxy has, for people and for CSDS.

In: a session. Out: frozen values, made when somebody asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gatewayd.ads.protocol.held import Unknown, Unsure, version_of
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.session import Session
from gatewayd.ads.sharing.comparisons import differing
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import Rejection
from gatewayd.xds.resource import Resource, Resources, Snapshot, TypeUrl


class Sync(Enum):
    """How far a proxy is with a resource, in the words of CSDS (`ConfigStatus`)."""

    SYNCED = "SYNCED"
    NOT_SENT = "NOT_SENT"
    STALE = "STALE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceState:
    """One resource at one proxy: `version` is what the proxy has, `target` what it shall have; empty when nothing."""

    type_url: TypeUrl
    name: str
    version: str
    target: str
    sync: Sync
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeState:
    """One type at one proxy. `sent` and `acked` are nonces of responses; `pending` names what is not ACKed yet.

    `subscribed` counts the names asked for; `wildcard`: all of the type are asked for.
    """

    type_url: TypeUrl
    short: str
    subscribed: int
    wildcard: bool
    sent: str
    acked: str
    pending: tuple[str, ...]
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyState:
    """One connected proxy. `node_id`, `node_cluster` and `version` are its own words; `since` is seconds since 1970."""

    fleet: FleetKey
    node_id: str
    node_cluster: str
    version: str
    since: float
    mode: str
    types: tuple[TypeState, ...]

    @property
    def is_synced(self) -> bool:
        """Return whether the proxy has everything that was published."""
        return not any(row.pending or row.rejections for row in self.types)


def proxy_state(fleet: FleetKey, session: Session, since: float, latest: Snapshot | None) -> ProxyState:
    """Describe a session against the snapshot published last; types that it has not subscribed to are left out."""
    return ProxyState(
        fleet=fleet,
        node_id=session.node.id,
        node_cluster=session.node.cluster,
        version=session.node.version,
        since=since,
        mode=session.mode.value,
        types=tuple(
            _type_state(ledger, _published(ledger, latest))
            for ledger in session.ledgers.values()
            if ledger.subscription.seen
        ),
    )


def resource_states(session: Session, latest: Snapshot | None) -> Iterator[ResourceState]:
    """Yield every resource that the proxy has or shall have."""
    for ledger in session.ledgers.values():
        published = _published(ledger, latest)
        moving = ledger.flight.before if ledger.flight is not None else {}
        for name in sorted({*published, *ledger.target, *ledger.behind, *moving}):
            if ledger.subscription.covers(name):
                yield _resource_state(ledger, name, published.get(name))


def rejections_of(ledger: Ledger) -> tuple[Rejection, ...]:
    """Return what the proxy refuses of one type, one entry for each message."""
    by_message: dict[str, list[str]] = {}
    for name, refusal in ledger.own_refusals():
        by_message.setdefault(refusal.message, []).append(name)
    return tuple(
        Rejection(type_url=ledger.row.url, names=tuple(names), message=message)
        for message, names in sorted(by_message.items())
    )


def _published(ledger: Ledger, latest: Snapshot | None) -> Resources:
    """Return what is published of a type: the session may follow only when what came before is done."""
    return latest.of(ledger.row.url) if latest is not None else {}


def _type_state(ledger: Ledger, published: Resources) -> TypeState:
    """Describe one type."""
    moving = ledger.flight.before if ledger.flight is not None else {}
    pending = {name for name in (*ledger.behind, *moving, *(ledger.overtaken or ())) if name not in ledger.refused}
    if ledger.target is not published:
        pending.update(filter(ledger.subscription.covers, differing(ledger.target, published)))
    return TypeState(
        type_url=ledger.row.url,
        short=ledger.row.short,
        subscribed=len(ledger.subscription.names),
        wildcard=ledger.subscription.wildcard,
        sent=ledger.sent_nonce,
        acked=ledger.acked_nonce,
        pending=tuple(sorted(pending)),
        rejections=rejections_of(ledger),
    )


def _resource_state(ledger: Ledger, name: str, published: Resource | None) -> ResourceState:
    """Describe one resource."""
    held = ledger.held(name)
    version = version_of(held) or ""
    target = published.version if published is not None else ""
    refusal = ledger.refused.get(name)
    if refusal is not None and refusal.version == target:
        sync = Sync.ERROR
    elif (ledger.flight is not None and name in ledger.flight.before) or name in (ledger.overtaken or ()):
        sync = Sync.STALE
    else:
        sync = Sync.SYNCED if version == target and not isinstance(held, Unknown | Unsure) else Sync.NOT_SENT
    return ResourceState(
        type_url=ledger.row.url,
        name=name,
        version=version,
        target=target,
        sync=sync,
        message=refusal.message if refusal is not None and sync is Sync.ERROR else "",
    )
