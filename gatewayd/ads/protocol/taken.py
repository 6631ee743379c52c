"""Which policies one client has taken, by what brings them: in: its ledgers. Out: what its configuration is made of.

A resource is made of many policies and does not say of which. But a client that has taken all resources of a kind has
all policies that the snapshot is made of, and goes on with those when it refuses what comes after.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.session import Session
from gatewayd.ir.carriers import Policies, PolicyCarrier
from gatewayd.xds.resource import CLUSTER, FILTER, LISTENER, ROUTE, SCOPED_ROUTE, Snapshot, TypeUrl

CARRYING: Final[Mapping[PolicyCarrier, frozenset[TypeUrl]]] = MappingProxyType(
    {
        PolicyCarrier.ROUTES: frozenset({FILTER, ROUTE, SCOPED_ROUTE}),
        PolicyCarrier.BACKENDS: frozenset({CLUSTER}),
        PolicyCarrier.LISTENERS: frozenset({LISTENER, FILTER, ROUTE, SCOPED_ROUTE}),
    }
)
"""The types of which all has to be taken."""
_ASKED_FOR_BY_LISTENERS: Final = (ROUTE, SCOPED_ROUTE)


class TakenPolicies(NamedTuple):
    """What a client has taken all of, None: nothing yet."""

    routes: Policies | None = None
    backends: Policies | None = None
    listeners: Policies | None = None

    def of(self, carrier: PolicyCarrier) -> Policies | None:
        """Return what came by a carrier."""
        taken: Policies | None = getattr(self, carrier)
        return taken

    @property
    def is_whole(self) -> bool:
        """Return whether the client has taken all of everything at least once."""
        return None not in self


NOTHING_TAKEN: Final = TakenPolicies()


def taken(session: Session, before: TakenPolicies) -> TakenPolicies:
    """Return what a client has taken now; `before` itself where that is nothing new."""
    latest, routing = session.latest, session.routing
    if latest is None or routing is None:
        return before
    wanted = {PolicyCarrier.ROUTES: routing, PolicyCarrier.LISTENERS: routing, PolicyCarrier.BACKENDS: latest}
    due = {each: snapshot for each, snapshot in wanted.items() if before.of(each) is not snapshot.policies}
    if not due:
        return before
    new = {
        each.value: snapshot.policies
        for each, snapshot in due.items()
        if _has_all(session.ledgers, CARRYING[each]) and _has_asked(session.ledgers, each, snapshot)
    }
    return before._replace(**new) if new else before


def _has_all(ledgers: Mapping[TypeUrl, Ledger], types: Iterable[TypeUrl]) -> bool:
    """Return whether a client has taken all of these types, and refuses nothing of it."""
    each_ledger = (ledgers[url] for url in types)
    return all(each.flight is None and not each.refused and not each.has_makes() for each in each_ledger)


def _has_asked(ledgers: Mapping[TypeUrl, Ledger], carrier: PolicyCarrier, snapshot: Snapshot) -> bool:
    """Return whether a client has asked for all that there is: of what it has not asked for, nothing is owed to it.

    It asks for clusters and listeners first, and then each listener for what it routes by.
    """
    if carrier is PolicyCarrier.BACKENDS:
        return ledgers[CLUSTER].subscription.seen
    listeners = ledgers[LISTENER]
    if listeners.refused:
        # One that is refused asks for nothing, and the others ask for all that they need at once.
        return all(ledgers[url].subscription.seen for url in _ASKED_FOR_BY_LISTENERS if snapshot.of(url))
    by_listeners = (ledgers[url].subscription.lacks(snapshot.of(url)) for url in _ASKED_FOR_BY_LISTENERS)
    return listeners.subscription.seen and not any(by_listeners)
