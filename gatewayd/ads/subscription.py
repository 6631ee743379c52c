"""What one client asks for of one type on one stream.

In: the names of a request. Out: `Change`, the names that must be answered whether or not they are new.
Invariant: `covers(name)` says exactly whether a response may carry that name.

xDS protocol: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol (SPEC below; `#...` are its sections)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from sys import intern

from gatewayd.xds.resource import XdsType

WILDCARD = "*"
MAX_NAMES = 200_000
MAX_NAME_LENGTH = 4_096


class ProtocolError(ValueError):
    """A request that no client of the protocol sends: its stream is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a request did: `asked` names need an answer; `wildcard`: so does everything; `narrowed`: names left."""

    asked: tuple[str, ...]
    wildcard: bool
    narrowed: bool


UNCHANGED = Change(asked=(), wildcard=False, narrowed=False)
_EVERYTHING = Change(asked=(), wildcard=True, narrowed=False)


class Subscription:
    """The names and the wildcard of one type."""

    __slots__ = ("_explicit", "_wild_type", "names", "seen", "wildcard")

    def __init__(self, row: XdsType) -> None:
        self._wild_type = row.wildcard
        self._explicit = False
        self.seen = False
        self.wildcard = False
        self.names: set[str] = set()

    def covers(self, name: str) -> bool:
        """Say whether the client wants a resource of this name."""
        return self.wildcard or name in self.names

    def update(self, subscribe: Iterable[str], unsubscribe: Iterable[str]) -> Change:
        """Apply the two lists of a DeltaDiscoveryRequest.

        SPEC#subscribing-to-resources: "the server *must* still provide those resources in the response; due to
        implementation details hidden from the server, the client may have 'forgotten' those resources despite
        apparently remaining subscribed": every subscribed name is `asked`, known or not.
        """
        first, self.seen = not self.seen, True
        if not subscribe and not unsubscribe:
            return self._legacy_wildcard() if first else UNCHANGED
        asked, narrowed = self._unsubscribe(unsubscribe)
        wildcard = False
        for name in subscribe:
            self._explicit = True
            if name == WILDCARD and self._wild_type:
                wildcard = self.wildcard = True
            else:
                asked.append(self._add(name))
        return Change(asked=tuple(asked), wildcard=wildcard, narrowed=narrowed)

    def replace(self, wanted: Iterable[str]) -> Change:
        """Apply `resource_names` of a DiscoveryRequest: always the whole list.

        SPEC#unsubscribing-from-resources: "each request must contain the full list of resource names being subscribed
        to". SPEC#how-the-client-specifies-what-resources-to-return: "the server must resend any newly requested
        resources, even if it previously sent those resources without having been asked for them".
        """
        first, self.seen = not self.seen, True
        names = set(wanted)
        if not names and not self._explicit:
            return self._legacy_wildcard() if first else UNCHANGED
        self._explicit = True
        wild = self._wild_type and WILDCARD in names
        if wild:
            names.discard(WILDCARD)
        if names == self.names and wild == self.wildcard:
            return UNCHANGED
        narrowed = (self.wildcard and not wild) or not self.names <= names
        wildcard = wild and not self.wildcard
        asked = tuple(sorted(names - self.names))
        self.names &= names
        for name in asked:
            self._add(name)
        self.wildcard = wild
        return Change(asked=asked, wildcard=wildcard, narrowed=narrowed)

    def _legacy_wildcard(self) -> Change:
        """Subscribe to everything when the first request of a type names nothing.

        SPEC#how-the-client-specifies-what-resources-to-return: "if the client sends a request for a given resource type
        but has never explicitly subscribed to any resource names [...] the server should treat that identically to how
        it would treat the client having explicitly subscribed to '*'". Only for types that have a wildcard.
        """
        self.wildcard = self._wild_type
        return _EVERYTHING if self._wild_type else UNCHANGED

    def _unsubscribe(self, names: Iterable[str]) -> tuple[list[str], bool]:
        """Drop names; return those that need an answer all the same, and whether any was dropped.

        SPEC#unsubscribing-from-resources-1: superfluous names are ignored; "when a client has a wildcard subscription
        ('*') *and* a subscription to another specific resource name [...] the server must send a response that includes
        the specific resource in either the removed_resources field [...] or in the resources field".
        """
        asked: list[str] = []
        narrowed = False
        for name in names:
            if name == WILDCARD and self.wildcard:
                self.wildcard, narrowed = False, True
            elif name in self.names:
                self.names.remove(name)
                asked.append(name)
        if self.wildcard:
            return asked, narrowed
        return [], narrowed or bool(asked)

    def _add(self, name: str) -> str:
        """Remember a name, in one copy for all streams of the process."""
        if len(name) > MAX_NAME_LENGTH or len(self.names) >= MAX_NAMES:
            raise ProtocolError(
                f"resource_names_subscribe: too much; at most {MAX_NAMES} names of {MAX_NAME_LENGTH} characters a type"
            )
        name = intern(name)
        self.names.add(name)
        return name
