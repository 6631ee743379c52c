"""One ADS stream without I/O: requests and snapshots in, responses out.

The caller reads and writes; the session decides what to send, and when. Time is an argument, in seconds of a monotonic
clock. Invariant: at most one response of each type is waited for, and each carries the latest versions.

xDS protocol: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol (SPEC; `#...` are its sections)
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ads.protocol.held import Doubts
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.node import NOBODY, node_of
from gatewayd.ads.protocol.ordering import MADE_FIRST, ROUTED, Ordering
from gatewayd.ads.protocol.sotw_content import state_of_the_world
from gatewayd.ads.protocol.subscription import UNCHANGED
from gatewayd.ads.protocol.unknown_names import Strangers
from gatewayd.ads.sharing.cluster_dependencies import References
from gatewayd.ads.sharing.comparisons import PairMemo, Versions, differing, joined
from gatewayd.ads.sharing.declared_versions import DeclaredVersions
from gatewayd.ads.sharing.delta_responses import Departures
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ads.sharing.response_encoder import Envelope, Mode, Push
from gatewayd.ads.sharing.tried_secrets import TriedSecrets
from gatewayd.ir.limits import RESOURCES_AT_ONCE
from gatewayd.xds.filters.discovered import joined_filters
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    FILTER,
    LISTENER,
    ROUTE,
    SCOPED_ROUTE,
    SECRET,
    XDS_TYPES,
    Resources,
    Snapshot,
    TypeUrl,
)

Request: TypeAlias = discovery_pb2.DeltaDiscoveryRequest | discovery_pb2.DiscoveryRequest

_WHOLE = (SCOPED_ROUTE, LISTENER)
"""A listener that comes takes the first scopes that it hears of for all."""
_NONE: frozenset[str] = frozenset()


class Answer(Enum):
    """What a request is to the session."""

    ACK = "ack"
    NACK = "nack"
    SUBSCRIPTION = "subscription"
    IGNORED = "ignored"


class Shared:
    """What the streams of one Gateway share: responses, comparisons of snapshots, references of clusters, names."""

    __slots__ = (
        "declared",
        "departures",
        "differing",
        "envelope",
        "joined",
        "joined_filters",
        "names",
        "references",
        "strangers",
        "tried_secrets",
        "versions",
    )

    def __init__(self) -> None:
        self.envelope = Envelope()
        self.versions = Versions()
        self.declared = DeclaredVersions(self.versions)
        self.departures = Departures(self.envelope, self.versions)
        self.differing = PairMemo(differing)
        self.joined = PairMemo(joined)
        self.joined_filters = PairMemo(joined_filters)
        self.references = References()
        self.names = NamePool()
        self.strangers = Strangers()
        self.tried_secrets = TriedSecrets()

    def sweep(self) -> None:
        """Drop what no stream has used since the last sweep."""
        pairs = (self.differing, self.joined, self.joined_filters)
        for memo in (self.departures, self.envelope, *pairs, self.references, self.versions, self.declared):
            memo.sweep()


class Session:
    """The state of one stream: what it shall have is `latest`; routes and listeners follow that by `routing`."""

    __slots__ = ("_ordering", "_shared", "latest", "ledgers", "mode", "node", "routing")

    def __init__(self, mode: Mode, shared: Shared) -> None:
        self.mode = mode
        self.node = NOBODY
        self.ledgers = {row.url: Ledger(row, shared.names, shared.versions) for row in XDS_TYPES}
        self._shared = shared
        self._ordering = Ordering(self.ledgers, shared.references, shared.names)
        self.latest: Snapshot | None = None
        self.routing: Snapshot | None = None

    @property
    def deadline(self) -> float | None:
        """Return the time at which `responses_to_send` must be called even if nothing arrives; None: never."""
        return self._ordering.deadline

    @property
    def is_settled(self) -> bool:
        """Return whether the client has answered for everything of the latest snapshot that it asked for."""
        return self.routing is self.latest and all(each.is_settled() for each in self.ledgers.values())

    @property
    def may_have_to_say(self) -> bool:
        """Return whether `responses_to_send` is worth a call after a request: after most ACKs it is not."""
        is_behind = self.routing is not self.latest or self._ordering.is_owing or self._has_wide_filters()
        return is_behind or any(each.is_waiting() for each in self.ledgers.values())

    def on_request(self, message: Request) -> Answer:
        """Take a request; raises ProtocolError when it exceeds what a client may subscribe to.

        SPEC#basic-protocol-overview: "It is sufficient to only check the first message for the node identifier".
        """
        if self.node is NOBODY:
            self.node = node_of(message.node)
            self._ordering.drains_for(self.node.drain)
        ledger = self.ledgers.get(TypeUrl(message.type_url))
        if ledger is None:
            return Answer.IGNORED
        is_delta = isinstance(message, discovery_pb2.DeltaDiscoveryRequest)
        return self._on_delta(ledger, message) if is_delta else self._on_sotw(ledger, message)

    def _on_delta(self, ledger: Ledger, message: discovery_pb2.DeltaDiscoveryRequest) -> Answer:
        """Take a request of the incremental variant.

        SPEC#incremental-xds: "the server must honor changes to the subscription state even if the nonce is stale".
        """
        answer = Answer.IGNORED
        if ledger.flight is not None and message.response_nonce == ledger.flight.nonce:
            answer = self._conclude(ledger, message)
        elif ledger.overtaken is not None:
            answer = self._conclude_late(ledger, message)
        subscription = ledger.subscription
        is_first = not subscription.seen
        more, less = tuple(message.resource_names_subscribe), tuple(message.resource_names_unsubscribe)
        if more or less:
            known = self._shared.versions.table(ledger.target, len(more) + len(less))
            self._shared.strangers.unsubscribing(ledger, less, known)
            self._shared.strangers.subscribing(ledger, more, known)
        change = subscription.update(more, less)
        if change is not UNCHANGED:
            ledger.subscribe(change)
        if is_first:
            self._declare(ledger, message)
        if answer is Answer.IGNORED and (is_first or change is not UNCHANGED):
            return Answer.SUBSCRIPTION
        return answer

    def _conclude_late(self, ledger: Ledger, message: discovery_pb2.DeltaDiscoveryRequest) -> Answer:
        """Take the answer to a response that others have followed, if it is one."""
        is_refused = message.HasField("error_detail")
        known = ledger.answer_late(message.response_nonce, is_refused=is_refused)
        return (Answer.NACK if is_refused else Answer.ACK) if known else Answer.IGNORED

    def _declare(self, ledger: Ledger, message: discovery_pb2.DeltaDiscoveryRequest) -> None:
        """Take the versions that a client declares; most declare those of the snapshot."""
        if not message.initial_resource_versions and not ledger.doubts:
            return
        wanted = self._shared.versions(ledger.target)
        versions = self._shared.declared(ledger.target, message)
        if versions is not wanted:
            self._shared.strangers.declaring(ledger, versions, wanted)
        ledger.declare(versions, wanted)

    def _on_sotw(self, ledger: Ledger, message: discovery_pb2.DiscoveryRequest) -> Answer:
        """Take a request of the SotW variant.

        SPEC#resource-updates: "The management server should not send a DiscoveryResponse for any DiscoveryRequest that
        has a stale nonce": one with the whole list of names follows.
        `version_info` is not believed: a client that refused a response may have applied half of it, under the version
        of before. So after a reconnect everything is sent again, which the other variant spares.
        """
        if message.response_nonce and message.response_nonce != ledger.sent_nonce:
            return Answer.IGNORED
        answer = Answer.IGNORED
        if message.response_nonce and ledger.flight is not None:
            answer = self._conclude(ledger, message)
        names = tuple(message.resource_names)
        self._shared.strangers.replacing(ledger, names, self._shared.versions.table(ledger.target, len(names)))
        change = ledger.subscription.replace(names)
        if change is not UNCHANGED:
            ledger.subscribe(change)
            return Answer.SUBSCRIPTION if answer is Answer.IGNORED else answer
        return answer

    def _conclude(self, ledger: Ledger, message: Request) -> Answer:
        """Close the response in flight: "ACK or NACK is determined by the absence or presence of error_detail"."""
        if message.HasField("error_detail"):
            ledger.nack(message.error_detail.message)
            return Answer.NACK
        if ledger.row.url == SECRET and ledger.flight is not None:
            self._shared.tried_secrets.taken(ledger.flight.before, ledger.flight.target)
        ledger.ack()
        if not self._ordering.lingers:
            self._shared.strangers.settled(ledger)
        return Answer.ACK

    def close(self) -> None:
        """Release all: an unread response may keep the session in memory for a while."""
        self._shared.strangers.forget(self.ledgers.values())
        self.ledgers.clear()

    @property
    def is_new(self) -> bool:
        """Return whether the client has sent no request yet."""
        return self.node is NOBODY

    def left_open(self) -> dict[TypeUrl, Doubts]:
        """Return the versions that the client's next stream must not believe when it declares them; none in SotW."""
        if self.mode is Mode.SOTW:
            return {}
        by_type = {url: ledger.left_open() for url, ledger in self.ledgers.items()}
        return {url: doubts for url, doubts in by_type.items() if doubts}

    def doubt(self, doubts: Mapping[TypeUrl, Doubts]) -> None:
        """Take what the client's last stream left open, before the first request."""
        for url, names in doubts.items():
            self.ledgers[url].doubts = names

    def on_snapshot(self, snapshot: Snapshot) -> None:
        """Make a snapshot the latest one; types that have not changed cost nothing."""
        before, self.latest = self.latest, snapshot
        if self.routing is None:
            self._move_routing(snapshot)
            for ledger in self.ledgers.values():
                self._shared.strangers.recount(ledger, ledger.target)
        elif before is not snapshot:
            self._retarget_made_first(snapshot, self.routing)

    def responses_to_send(self, now: float) -> tuple[Push, ...]:
        """Return what to write now, in this order; nothing before the first snapshot.

        Each response counts as sent when it is returned.
        """
        if self.latest is None or self.routing is None:
            return ()
        pushes: list[Push] = []
        self._ordering.at(now)
        self._send_made_first(pushes)
        if self.routing is not self.latest and self._ordering.are_routes_settled():
            self._move_routing(self.latest)
        if self._has_wide_filters() and self._ordering.may_narrow_filters(self.routing):
            self._retarget(FILTER, self.routing.of(FILTER))
        self._send_routed(pushes)
        self._send_made_first(pushes)  # what the routes, if they have settled, no longer use
        return tuple(pushes)

    def _move_routing(self, snapshot: Snapshot) -> None:
        """Let filters, routes, scopes and listeners follow another snapshot.

        What the routes of before ask of filters stays until the client has the new ones, or no longer refuses them.
        """
        before = self.routing
        asked = self.ledgers[FILTER].target
        if before is not None and not self.ledgers[ROUTE].refused:
            asked = before.of(FILTER)
        self._retarget(FILTER, self._shared.joined_filters(asked, snapshot.of(FILTER)))
        self.routing = snapshot
        self._ordering.routing_moved(snapshot)
        self._retarget_made_first(snapshot, snapshot)
        for url in ROUTED:
            self._retarget(url, snapshot.of(url))

    def _has_wide_filters(self) -> bool:
        """Return whether filters have what only the routes before ask of them."""
        return self.routing is not None and self.ledgers[FILTER].target is not self.routing.of(FILTER)

    def _retarget_made_first(self, latest: Snapshot, routing: Snapshot) -> None:
        """Let clusters, endpoints and secrets follow the latest snapshot.

        What only the routing snapshot has stays as long as that is followed: its routes need it.
        """
        for url in MADE_FIRST:
            kept, target = routing.of(url), latest.of(url)
            self._retarget(url, target if kept is target else self._shared.joined(kept, target))

    def _retarget(self, url: TypeUrl, target: Resources) -> None:
        """Set the target of a ledger."""
        ledger = self.ledgers[url]
        if ledger.target is target:
            return
        changed = self._shared.differing(ledger.target, target)
        ledger.retarget(target, changed)
        if url == CLUSTER:
            self._ordering.clusters_back(name for name in changed if name in target)

    def _send_made_first(self, pushes: list[Push]) -> None:
        """Send clusters, then endpoints and secrets, with the removals that are due."""
        clusters, *dependents = (self.ledgers[url] for url in MADE_FIRST)
        if clusters.flight is not None:
            self._ordering.overtake_clusters(clusters.flight)
        if self.routing is not None and clusters.is_waiting():
            self._send(pushes, clusters, self._ordering.droppable(self.routing))
            if clusters.flight is not None:
                self._ordering.clusters_sent(clusters.flight.before)
        self._ordering.repeat_endpoints()
        for ledger in dependents:
            if ledger.is_waiting():
                self._send(pushes, ledger, self._removals(ledger.row.url))

    def _removals(self, url: TypeUrl) -> list[str]:
        """Return the endpoints, secrets or filters that may be removed."""
        removals = self.ledgers[url].removals()
        return removals if removals and self._ordering.may_remove_dependents() else []

    def _send_routed(self, pushes: list[Push]) -> None:
        """Send filters, routes, then scopes and listeners, when the gate is open; remove routes last."""
        ledgers = [self.ledgers[url] for url in (FILTER, *ROUTED)]
        if self.routing is None:
            return
        self._ordering.repeat_scopes()
        if not any(ledger.is_waiting() for ledger in ledgers):
            return
        is_open = self._ordering.may_route(self.routing)
        for ledger in ledgers:
            if not is_open:
                self._send_absences(pushes, ledger)
            elif ledger.row.url == FILTER:
                self._send(pushes, ledger, self._removals(FILTER))
            elif ledger.row.url == ROUTE and self._ordering.may_send_routes(self.routing):
                self._send(pushes, ledger, self._ordering.removable_routes(self.routing))
            elif ledger.row.url == ROUTE:
                self._send_absences(pushes, ledger)
            elif self._ordering.may_send_last() and (ledger.row.url != LISTENER or self._ordering.may_send_listeners()):
                self._send_last(pushes, ledger, self.routing)

    def _send_last(self, pushes: list[Push], ledger: Ledger, routing: Snapshot) -> None:
        """Send scopes or listeners."""
        before = ledger.flight
        waiting = self._ordering.waiting_scopes() if ledger.row.url == SCOPED_ROUTE else _NONE
        self._send(pushes, ledger, self._ordering.removable_last(ledger.row.url, routing), waiting)
        if ledger.row.url == LISTENER and ledger.flight is not None and ledger.flight is not before:
            self._ordering.listeners_sent(ledger.flight.before)

    def _send(self, pushes: list[Push], ledger: Ledger, removals: list[str], waiting: frozenset[str] = _NONE) -> None:
        """Send what is pending of one type, with these removals, unless a response of it is unanswered."""
        if not ledger.is_waiting():
            return
        makes = [name for name in ledger.makes() if name not in waiting] if waiting else ledger.makes()
        names = ledger.group((*makes, *self._sayable(ledger, removals), *self._absences(ledger)))
        if self.mode is Mode.DELTA and ledger.row.url == SECRET:
            names = self._shared.tried_secrets.next(names, ledger.target)
        if self.mode is Mode.DELTA and ledger.row.url not in _WHOLE:
            names = names[:RESOURCES_AT_ONCE]
        if names or ledger.greeting:
            self._depart(pushes, ledger, names)

    def _send_absences(self, pushes: list[Push], ledger: Ledger) -> None:
        """Answer requested names that do not exist; that needs no order."""
        names = self._absences(ledger) if ledger.is_waiting() else []
        if names:
            self._depart(pushes, ledger, tuple(names))

    def _sayable(self, ledger: Ledger, names: list[str]) -> list[str]:
        """Return the removals that this variant of the protocol can express; the others count as done.

        SPEC#deleting-resources: SotW has them for types of which each response is the whole state, by leaving them out.
        """
        if self.mode is Mode.DELTA or ledger.row.wildcard:
            return names
        ledger.drop(names)
        return []

    def _absences(self, ledger: Ledger) -> list[str]:
        """Return the requested names that do not exist and can be answered.

        SPEC#knowing-when-a-requested-resource-does-not-exist: delta has words for it; SotW makes the client wait for 15
        s. A cluster that waits keeps Envoy from taking any other: it gets an assignment without endpoints.
        """
        names = ledger.absences()
        return (names if ledger.row.url == ENDPOINT else self._sayable(ledger, names))[:RESOURCES_AT_ONCE]

    def _depart(self, pushes: list[Push], ledger: Ledger, names: tuple[str, ...]) -> None:
        """Encode a response and record it as sent."""
        if self.mode is Mode.DELTA:
            push = self._shared.departures(ledger.row.url, ledger.target, names)
        else:
            push = self._shared.envelope.push(state_of_the_world(ledger, names))
        ledger.depart(push.nonce, names)
        pushes.append(push)
