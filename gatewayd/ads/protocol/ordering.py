"""Make before break: what may be sent of each type now.

In: the ledgers of one stream, the snapshot that its routes shall follow. Out: names that may go.
Invariant: no filter, route, scope or listener is sent before the clusters of its snapshot, their endpoints and their
secrets were ACKed, and no route before the filters that it asks something of; no cluster goes away before routes and
listeners without it were ACKed, and no scope or route before the listeners that do without it have their own.

https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations: "routes are not
warmed, i.e., the management plane must ensure that clusters referenced by a route are in place, before pushing the
updates for a route".

Two snapshots stand side by side. Filters, routes, scopes and listeners follow the `routing` snapshot, which moves on to
the latest one when everything of it was ACKed: so a storm of new clusters delays a route by one round, and never
starves it. Clusters, endpoints and secrets follow the latest at once, and keep what only the routing one has.

What waits, at which gate, and what opens it. What a client refused, or does not ask for, keeps no gate closed.
"Proven": the client has asked for all routes of the routing snapshot and has them (`_have_listeners_routes`).

    to send                    gate                   opens when                                      lets go after
    clusters                   overtake_clusters      those sent before are ACKed; while ACKs are held   GATE_SECONDS
                                                      back, when all that they refer to is
    endpoints, secrets         none
    filters, routes,           may_route              no cluster of the routing snapshot is missing:  GATE_SECONDS in
      scopes, listeners                               each is ACKed, with all that it refers to       which none came
    routes                     may_send_routes        all filters are asked for, and ACKed            GATE_SECONDS
    scopes, listeners          may_send_last          no route is left to send
    listeners                  may_send_listeners     all scopes are ACKed, and no stale one is left
    the next routing snapshot  are_routes_settled     all routes, scopes and listeners are ACKed

    to remove                  gate, beside those     opens when                                      lets go after
                               for sending the type
    listeners                  none
    scopes                     removable_last         listeners are ACKed and proven, and those that  GATE_SECONDS
                                                      were there before have drained; stale: at once  unproven
    routes                     removable_routes       scopes and listeners are ACKed and proven       the same
    clusters                   droppable              the routing snapshot is without them; routes,   the same
                                                      scopes and listeners are ACKed and proven
    endpoints, secrets,        may_remove_dependents  clusters, routes, scopes, listeners are ACKed
      filters
    what old routes ask of     may_narrow_filters     routes, scopes, listeners are ACKed and proven  the same
      filters                                         and no route is refused

    to send again              owed since             goes when
    endpoints                  clusters_sent          the client is subscribed to them (repeat_endpoints)
    scopes                     listeners_sent         at once, and again after the ACK (repeat_scopes)
"""

from collections.abc import Iterable

from gatewayd.ads.protocol.arrivals import Ledgers, has_yet_to_ask
from gatewayd.ads.protocol.draining import Lingering
from gatewayd.ads.protocol.held import Unsure
from gatewayd.ads.protocol.ledger import Flight
from gatewayd.ads.protocol.scope_moves import ScopeMoves
from gatewayd.ads.protocol.warming import Warming
from gatewayd.ads.sharing.cluster_dependencies import References
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ir.limits import GATE_SECONDS
from gatewayd.xds.names import is_found_by_scope
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    FILTER,
    LISTENER,
    ROUTE,
    SCOPED_ROUTE,
    TYPE_BY_URL,
    XDS_TYPES,
    Resource,
    Snapshot,
    TypeUrl,
)

ROUTING_PHASE = TYPE_BY_URL[ROUTE].phase
MADE_FIRST = tuple(row.url for row in XDS_TYPES if row.phase < TYPE_BY_URL[FILTER].phase)
ROUTED = tuple(row.url for row in XDS_TYPES if row.phase >= ROUTING_PHASE)
_LAST = tuple(row.url for row in XDS_TYPES if row.phase > ROUTING_PHASE)

_NONE: frozenset[str] = frozenset()


class Ordering:
    """The gates of one stream. `deadline` is when the closed gate lets go, None while nothing waits."""

    __slots__ = (
        "_closed_since",
        "_clusters_since",
        "_droppable",
        "_filtering_since",
        "_is_new",
        "_ledgers",
        "_lingering",
        "_missed",
        "_moves",
        "_moving_since",
        "_names",
        "_now",
        "_owed",
        "_owes_scopes",
        "_unproven_since",
        "_warming",
        "deadline",
    )

    def __init__(self, ledgers: Ledgers, references: References, names: NamePool) -> None:
        self._ledgers = ledgers
        self._lingering = Lingering(ledgers)
        self._moves = ScopeMoves(ledgers)
        self._moving_since: float | None = None
        self._filtering_since: float | None = None
        self._warming = Warming(ledgers, references, names)
        self._names = names
        self._missed = 0
        self._owed = _NONE
        self._droppable: set[str] = set()
        self._closed_since: float | None = None
        self._clusters_since = 0.0
        # Since when some listener may still use other routes than those of the routing snapshot.
        self._unproven_since: float | None = None
        self._is_new = True
        self._owes_scopes = False
        self._now = 0.0
        self.deadline: float | None = None

    def drains_for(self, seconds: float) -> None:
        """Set how long the client's listeners drain."""
        self._lingering.drain = seconds

    def at(self, now: float) -> None:
        """Set the current time, in seconds, and clear the deadline."""
        self._now = now
        self._lingering.end_in_time(now)
        self.deadline = self._lingering.until
        if self._is_new:
            self._is_new = False
            self._unproven_since = now

    def listeners_sent(self, names: Iterable[str]) -> None:
        """Record that listeners were sent: Envoy ACKs one at once, and uses the old one until it has its routes."""
        if any(name in self._ledgers[LISTENER].target for name in names):
            self._unproven_since = self._now
            self._owes_scopes = True
            self._repeat_scopes()

    def repeat_scopes(self) -> None:
        """Look again when a listener was ACKed: the last one that used scopes may have gone meanwhile."""
        listeners, scopes = self._ledgers[LISTENER], self._ledgers[SCOPED_ROUTE]
        if self._owes_scopes and not any(each.flight is not None or each.has_makes() for each in (listeners, scopes)):
            self._owes_scopes = False
            self._repeat_scopes()

    def _repeat_scopes(self) -> None:
        """Let all scopes go after a listener, unless Envoy has asked for the routes of all.

        It asks for scopes once a stream. Those that come while no listener uses any it ACKs and forgets; and the first
        that come after a listener count as all.
        """
        scopes = self._ledgers[SCOPED_ROUTE]
        if scopes.subscription.is_empty or not scopes.target:
            return
        routes = self._ledgers[ROUTE]
        if routes.subscription.lacks(name for name in routes.target if is_found_by_scope(name)):
            scopes.refresh(scopes.target)

    def clusters_sent(self, names: Iterable[str]) -> None:
        """Record that clusters were sent; a changed one warms again and needs its endpoints once more.

        SPEC#resource-warming: "Warming of Cluster is completed only when a new ClusterLoadAssignment response is
        supplied by management server even though there is no change in endpoints". Envoy does not ask again for a name
        that it is subscribed to already.
        """
        self._clusters_since = self._now
        needs = self._warming.sent(names)
        self._owed = self._names.union(self._owed, needs.named.get(ENDPOINT, _NONE))

    def overtake_clusters(self, flight: Flight) -> None:
        """Count clusters as taken whose ACK has not come for long, or is held back as those before it were.

        One that warms for long must hold up no other. What of them is refused after all is sent again.
        """
        clusters = self._ledgers[CLUSTER]
        is_held_back = clusters.overtaken is not None and self._warming.has_endpoints(flight.before)
        if is_held_back or self._has_passed(self._clusters_since + GATE_SECONDS):
            clusters.overtake()

    def repeat_endpoints(self) -> None:
        """Send the endpoints of clusters that were sent again, as soon as the client is subscribed to them.

        After a reconnect it asks for clusters first, and then declares endpoints that its changed clusters still need.
        """
        if not self._owed:
            return
        endpoints = self._ledgers[ENDPOINT]
        if endpoints.subscription.is_empty:
            return
        subscribed = self._owed - endpoints.subscription.lacking(self._owed)
        if subscribed:
            self._owed -= subscribed
            endpoints.refresh(subscribed)

    @property
    def lingers(self) -> bool:
        """Return whether removals wait for listeners that drain."""
        return self._lingering.until is not None

    @property
    def is_owing(self) -> bool:
        """Return whether endpoints or scopes are to be sent again."""
        return bool(self._owed) or self._owes_scopes

    def clusters_back(self, names: Iterable[str]) -> None:
        """Record that clusters are in use (again): they may no longer be dropped."""
        self._droppable.difference_update(names)

    def are_routes_settled(self) -> bool:
        """Return whether the client has taken every route, scope and listener of the routing snapshot, or refused it.

        Routes that shall go do not count: nothing uses them by then, or they are kept for what was refused.
        """
        routes = self._ledgers[ROUTE]
        return routes.flight is None and not routes.has_makes() and self._are_last_settled()

    def may_route(self, routing: Snapshot) -> bool:
        """Return whether routes, scopes and listeners of the routing snapshot may go out."""
        waits = has_yet_to_ask(self._ledgers)
        missing = len(routing.of(CLUSTER)) if waits else len(self._warming.missing(routing))
        if not missing:
            self._closed_since = None
            return True
        if self._closed_since is None or missing < self._missed:
            self._closed_since = self._now  # thousands come in many responses, and each brings it nearer
        self._missed = missing
        return self._has_passed(self._closed_since + GATE_SECONDS)

    def may_send_routes(self, routing: Snapshot) -> bool:
        """Return whether routes may go out: a listener asks for its filters at the time when it asks for its routes."""
        filters = self._ledgers[FILTER]
        is_seen = filters.subscription.seen or not routing.of(FILTER)
        if is_seen and filters.flight is None and not filters.has_makes():
            self._filtering_since = None
            return True
        since = self._filtering_since = self._now if self._filtering_since is None else self._filtering_since
        return self._has_passed(since + GATE_SECONDS)

    def may_narrow_filters(self, routing: Snapshot) -> bool:
        """Return whether filters may lose what only the routes before ask of them."""
        refused = self._ledgers[ROUTE].refused
        return not refused and self.are_routes_settled() and self._have_listeners_routes(routing)

    def routing_moved(self, routing: Snapshot) -> None:
        """Start a new wait: the routing snapshot is another one."""
        self._closed_since = None
        self._lingering.routing_moved(routing)

    def may_send_last(self) -> bool:
        """Return whether listeners and scopes may go out: the routes that they may refer to are on their way."""
        return all(not self._ledgers[url].has_makes() for url in ROUTED if url not in _LAST)

    def waiting_scopes(self) -> frozenset[str]:
        """Return the scopes that wait until the client has what they shall lead to."""
        waiting = self._moves.waiting()
        if not waiting:
            self._moving_since = None
            return waiting
        if self._moving_since is None:
            self._moving_since = self._now
        return _NONE if self._has_passed(self._moving_since + GATE_SECONDS) else waiting

    def may_send_listeners(self) -> bool:
        """Return whether listeners may go out: one that finds scopes of a listener before it uses them at once."""
        scopes = self._ledgers[SCOPED_ROUTE]
        return scopes.flight is None and not scopes.has_makes() and not self._lingering.stale_scopes()

    def removable_routes(self, routing: Snapshot) -> list[str]:
        """Return the routes that may be removed: no listener or scope uses them any more."""
        removals = self._ledgers[ROUTE].removals()
        if not removals or not self._are_last_settled() or not self._have_listeners_routes(routing):
            return []
        return [name for name in removals if not self._is_kept(name, _LAST)]

    def removable_last(self, url: TypeUrl, routing: Snapshot) -> list[str]:
        """Return the listeners that may be removed, or the scopes: those after listeners that find routes otherwise."""
        removals = self._ledgers[url].removals()
        if url == LISTENER or not removals:
            return removals
        stale = self._lingering.stale_scopes()
        if stale:
            return stale
        listeners = self._ledgers[LISTENER]
        if listeners.flight is not None or listeners.has_makes() or not self._have_listeners_routes(routing):
            return []
        if not self._lingering.is_due(routing):
            return removals
        self._lingering.start(self._now, routing)
        self._has_passed(self._now + self._lingering.drain)
        return self._ledgers[url].removals()

    def may_remove_dependents(self) -> bool:
        """Return whether endpoints and secrets may be removed: nothing that used them is left."""
        return self._ledgers[CLUSTER].is_settled() and self.are_routes_settled()

    def droppable(self, routing: Snapshot) -> list[str]:
        """Return the clusters that may be removed.

        Without a time limit: a cluster that a client still routes to is kept as long as it refuses the route that no
        longer does; what is unused costs memory, what is missing costs traffic.
        """
        removals = self._ledgers[CLUSTER].removals()
        self._droppable.intersection_update(removals)  # what has gone needs no decision any more
        undecided = [name for name in removals if name not in self._droppable]
        if undecided and self.are_routes_settled() and self._have_listeners_routes(routing):
            kept = routing.of(CLUSTER)
            self._droppable.update(name for name in undecided if name not in kept and not self._is_kept(name, ROUTED))
        return [name for name in removals if name in self._droppable]

    def _have_listeners_routes(self, routing: Snapshot) -> bool:
        """Return whether the client has asked for, and taken, all routes of the routing snapshot, or had the time to.

        A listener asks for its scopes and routes after its ACK. And after a reconnect the types come one request after
        the other, clusters first: what the routes of that client are is unknown until it has asked for them.
        """
        if self._unproven_since is None:
            return True
        routes = self._ledgers[ROUTE]
        expected = (url for url in ROUTED if url == LISTENER or routing.of(url))
        is_proven = (
            all(self._ledgers[url].subscription.seen for url in expected)
            and routes.flight is None
            and not routes.has_makes()
            # A listener that the client refused asks for nothing.
            and (self._ledgers[LISTENER].refused or not routes.subscription.lacks(routing.of(ROUTE)))
        )
        if not is_proven and not self._has_passed(self._unproven_since + GATE_SECONDS):
            return False
        self._unproven_since = None
        return True

    def _has_passed(self, deadline: float) -> bool:
        """Return whether a time has been reached; if not, the session must be called again then."""
        if self._now >= deadline:
            return True
        self.deadline = deadline if self.deadline is None else min(self.deadline, deadline)
        return False

    def _are_last_settled(self) -> bool:
        """Return whether the client has taken every scope and listener, or refused it."""
        return all(self._ledgers[url].is_settled() for url in _LAST)

    def _is_kept(self, name: str, users: Iterable[TypeUrl]) -> bool:
        """Return whether the client may still use something, because it refused the resource that no longer does.

        A name stands in a serialised message as it is, so a search of the bytes misses no use of it.
        """
        needle = name.encode()
        for url in users:
            ledger = self._ledgers[url]
            for user in (*ledger.refused, *(ledger.removals() if url == ROUTE else ())):
                held = ledger.behind.get(user)
                if isinstance(held, str | Unsure) or (isinstance(held, Resource) and needle in held.body):
                    return True
        return False
