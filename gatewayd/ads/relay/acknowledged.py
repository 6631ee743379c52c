"""What one Envoy has, as a listener on its delta ADS stream hears: the redirects that it may be sent.

In: the requests and responses of a stream, in the order in which they pass. Out: the redirects whose scope, routes and
listener the Envoy has acknowledged. What is about to be taken from it counts as gone before it is told.

Of one address and port there may be redirects for everybody and for pods of some namespaces. Envoy asks for their
routes one by one, so where these are new they are led there together: else pods of such a namespace would for a moment
get the routes of everybody.

When a stream begins, Envoy says of each type what it has: a relay that starts later than its Envoy knows it too.
https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
"""

from typing import Final

from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ir.mesh import NodeRedirect, redirect_to
from gatewayd.xds.resource import LISTENER, ROUTE, SCOPED_ROUTE, TypeUrl

_HEARD: Final = (LISTENER, SCOPED_ROUTE, ROUTE)
"""In the order in which Envoy asks for them: each leads it to the next."""


class _OfType:
    """What the Envoy has of one type."""

    __slots__ = ("flights", "has_asked", "is_known", "names", "recalled", "refused")

    def __init__(self) -> None:
        self.names: set[str] = set()
        # What it had when the stream began, and has not been sent since.
        self.recalled: set[str] = set()
        # What it has been sent, and has refused.
        self.refused: set[str] = set()
        self.flights: dict[str, frozenset[str]] = {}
        self.has_asked = False
        # Whether it has said what it has, or, where that was nothing, taken what it was told first.
        self.is_known = False


class Acknowledged:
    """See the module's text."""

    def __init__(self) -> None:
        self._types: dict[TypeUrl, _OfType] = {url: _OfType() for url in _HEARD}
        self._redirects: dict[str, NodeRedirect | None] = {}
        # What was returned last, on this stream.
        self._given: frozenset[NodeRedirect] = frozenset()

    def begin(self) -> None:
        """Hear that a stream begins: what the Envoy has it says again, type by type."""
        for held in self._types.values():
            held.flights, held.refused, held.has_asked, held.is_known = {}, set(), False, False
        self._given = frozenset()

    def on_request(self, message: discovery_pb2.DeltaDiscoveryRequest) -> bool:
        """Take a request; return whether the redirects may be others now.

        Of what an edit sends again the names are known: nobody has to go through all redirects for it.
        """
        held = self._types.get(TypeUrl(message.type_url))
        if held is None:
            return False
        is_news = not held.has_asked
        if is_news:
            held.has_asked = True
            held.names = set(message.initial_resource_versions)
            held.recalled = set(held.names)
            held.is_known = bool(held.names)
        sent = held.flights.pop(message.response_nonce, None)
        if sent is not None and message.HasField("error_detail"):
            held.refused |= sent
            is_news = True  # nobody waits for these any more
        elif sent is not None:
            is_news = is_news or not held.is_known or not sent <= held.names or not sent.isdisjoint(held.recalled)
            held.names |= sent
            held.recalled -= sent
            held.refused -= sent
            held.is_known = True
        gone = held.names.intersection(message.resource_names_unsubscribe)
        held.names -= gone
        return is_news or bool(gone)

    def on_response(self, message: discovery_pb2.DeltaDiscoveryResponse) -> bool:
        """Take a response that is about to be passed on; return whether a redirect must go before it is."""
        held = self._types.get(TypeUrl(message.type_url))
        if held is None:
            return False
        if message.resources or not message.removed_resources:  # of a removal alone the relay tells
            held.flights[message.nonce] = frozenset(each.name for each in message.resources)
        gone = held.names.intersection(message.removed_resources)
        if not gone:
            return False
        before = self.redirects()
        held.names -= gone
        return before is not None and before != self.redirects()

    def redirects(self) -> frozenset[NodeRedirect] | None:
        """Return the redirects that the Envoy may be sent; None while it is not known what it has.

        An Envoy that begins with nothing is told all in a moment: until then what was led to the one before stays.
        """
        listeners, scopes, routes = (self._types[url] for url in _HEARD)
        if not listeners.is_known or not scopes.is_known or (scopes.names and not routes.is_known):
            return None
        self._redirects = {name: self._redirects.get(name) or redirect_to(name) for name in scopes.names}
        led = {name: each for name, each in self._redirects.items() if each is not None}
        awaited = {led[name].destination for name in led.keys() - routes.names - routes.refused}
        self._given = frozenset(
            each
            for name, each in led.items()
            if name in routes.names
            and each.listener in listeners.names
            and (each in self._given or each.destination not in awaited)
        )
        return self._given

    def recalled(self) -> frozenset[NodeRedirect]:
        """Return which of the redirects that were given last the Envoy alone has told of: from before this stream."""
        routes = self._types[ROUTE].recalled
        return frozenset(each for name in routes if (each := self._redirects.get(name)) in self._given)
