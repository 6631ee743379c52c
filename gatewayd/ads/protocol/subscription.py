"""What one client is subscribed to, of one type on one stream.

In: the names of a request. Out: `SubscriptionChange`, the names that must be answered whether or not they are new.
Invariant: `covers(name)` says exactly whether a response may carry that name.

xDS protocol: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol (SPEC below; `#...` are its sections)
"""

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from gatewayd.ads.sharing.name_sets import NamePool, Names
from gatewayd.ir.limits import NAME_LENGTH
from gatewayd.xds.resource import XdsType

WILDCARD = "*"


class ProtocolError(ValueError):
    """A request that the protocol does not allow: its stream is closed."""


class ExhaustedError(ProtocolError):
    """A request that exceeds a shared budget, and may succeed later: its stream is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChange:
    """What a request did: `asked` names need an answer; `wildcard`: so does everything; `narrowed`: names left."""

    asked: tuple[str, ...]
    wildcard: bool
    narrowed: bool


UNCHANGED = SubscriptionChange(asked=(), wildcard=False, narrowed=False)
_EVERYTHING = SubscriptionChange(asked=(), wildcard=True, narrowed=False)
_NONE: frozenset[str] = frozenset()


class Subscription:
    """The names and the wildcard of one type."""

    __slots__ = ("_explicit", "_wild_type", "names", "seen", "wildcard")

    def __init__(self, row: XdsType, pool: NamePool) -> None:
        self._wild_type = row.wildcard
        self._explicit = False
        self.seen = False
        self.wildcard = False
        self.names = Names(pool)

    @property
    def is_empty(self) -> bool:
        """Return whether the client is subscribed to nothing."""
        return not self.wildcard and not self.names

    def covers(self, name: str) -> bool:
        """Return whether the client is subscribed to a resource of this name."""
        return self.wildcard or name in self.names

    @property
    def asked(self) -> Hashable:
        """What two subscriptions have in common that cover the same names."""
        return self.wildcard or self.names.mark

    def lacking(self, names: frozenset[str]) -> frozenset[str]:
        """Return those of these names that the client is not subscribed to."""
        return _NONE if self.wildcard else self.names.lacking(names)

    def lacks(self, names: Iterable[str]) -> bool:
        """Return whether the client is not subscribed to one of these names."""
        return not self.wildcard and bool(self.names.lacking(names))

    def update(self, subscribe: Collection[str], unsubscribe: Collection[str]) -> SubscriptionChange:
        """Apply the two lists of a DeltaDiscoveryRequest.

        SPEC#subscribing-to-resources: "the server *must* still provide those resources in the response; due to
        implementation details hidden from the server, the client may have 'forgotten' those resources despite
        apparently remaining subscribed": every subscribed name is `asked`, known or not.
        """
        first, self.seen = not self.seen, True
        if not subscribe and not unsubscribe:
            return self._legacy_wildcard() if first else UNCHANGED
        owed_again, narrowed = self._unsubscribe(unsubscribe) if unsubscribe else ((), False)
        wildcard = False
        names = tuple(subscribe)
        if names:
            self._explicit = True
            if self._wild_type and WILDCARD in names:
                wildcard = self.wildcard = True
                names = tuple(name for name in names if name != WILDCARD)
            self._add(self.names.lacking(names))
        return SubscriptionChange(asked=owed_again + names, wildcard=wildcard, narrowed=narrowed)

    def replace(self, wanted: Iterable[str]) -> SubscriptionChange:
        """Apply `resource_names` of a DiscoveryRequest: always the whole list.

        SPEC#unsubscribing-from-resources: "each request must contain the full list of resource names being subscribed
        to". SPEC#how-the-client-specifies-what-resources-to-return: "the server must resend any newly requested
        resources, even if it previously sent those resources without having been asked for them".
        """
        first, self.seen = not self.seen, True
        names = frozenset(wanted)
        if not names and not self._explicit:
            return self._legacy_wildcard() if first else UNCHANGED
        self._explicit = True
        wild = self._wild_type and WILDCARD in names
        if wild:
            names -= {WILDCARD}
        before = self.names.whole()
        if names == before and wild == self.wildcard:
            return UNCHANGED
        narrowed = (self.wildcard and not wild) or not before <= names
        wildcard = wild and not self.wildcard
        added = names - before
        _check(added)
        self.names.become(names)
        self.wildcard = wild
        return SubscriptionChange(asked=tuple(added), wildcard=wildcard, narrowed=narrowed)

    def _legacy_wildcard(self) -> SubscriptionChange:
        """Subscribe to everything when the first request of a type names nothing.

        SPEC#how-the-client-specifies-what-resources-to-return: "if the client sends a request for a given resource type
        but has never explicitly subscribed to any resource names [...] the server should treat that identically to how
        it would treat the client having explicitly subscribed to '*'". Only for types that have a wildcard.
        """
        self.wildcard = self._wild_type
        return _EVERYTHING if self._wild_type else UNCHANGED

    def _unsubscribe(self, names: Iterable[str]) -> tuple[tuple[str, ...], bool]:
        """Drop names; return those that need an answer all the same, and whether any was dropped.

        SPEC#unsubscribing-from-resources-1: superfluous names are ignored; "when a client has a wildcard subscription
        ('*') *and* a subscription to another specific resource name [...] the server must send a response that includes
        the specific resource in either the removed_resources field [...] or in the resources field".
        """
        dropped = frozenset(names)
        gone = self.names.having(dropped)
        was_wild, self.wildcard = self.wildcard, self.wildcard and WILDCARD not in dropped
        self.names.change(_NONE, gone)
        return (tuple(gone), False) if self.wildcard else ((), was_wild or bool(gone))

    def _add(self, names: frozenset[str]) -> None:
        """Add the names that are new."""
        if names:
            _check(names)
            self.names.change(names, _NONE)


def _check(added: Iterable[str]) -> None:
    """Refuse names that no resource has; how many there may be is for all streams together (`strangers`)."""
    if max(map(len, added), default=0) > NAME_LENGTH:
        raise ProtocolError(
            f"resource_names_subscribe: a name of more than {NAME_LENGTH} characters; fewer are allowed"
        )
