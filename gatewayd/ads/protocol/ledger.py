"""What one client has of one type, compared with what it shall have.

In: targets (`retarget`), requests (`subscribe`, `declare`), answers (`ack`, `nack`). Out: the names that are pending.
Invariant: for a name that the subscription covers and that is neither in `behind` nor in flight, the client has exactly
`target.get(name)`. So an idle ledger costs nothing a resource, and a change costs what it changes.

A name that the subscription covers is in one of these states:

              retarget: another version; subscribe, refresh; declare: another version
        +------------------------------------------------------------------+
        |   retarget: back to what the client has; declare: the same; drop |
        |    +-------------------------------------------------------+     |
        |    v                                                       |     v
    +-----------+  ack  +-----------+        depart                +-----------+
    | the same  |<------| in flight |<-----------------------------|  behind   |
    +-----------+       +-----------+----------------------------->|           |
                              |        nack: not to blame          +-----------+
                              |                                          ^
                              |  nack: to blame      +-----------+       |  retarget: another version;
                              +--------------------->|  refused  |-------+  subscribe, refresh
                                                     +-----------+

`the same` has no entry anywhere. `behind` has what the client holds instead (`Held`). `refused` is in `behind` as well:
the client lacks it, and is not sent that version again. In flight, `Flight.before` has what the client held; a target
that moves on meanwhile puts the name into `behind` too, as if the response were ACKed, and a NACK corrects that. A
removal that is refused counts as done.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from gatewayd.ads.protocol.held import UNKNOWN, Doubts, Held, Unknown, Unsure, unsure, version_of
from gatewayd.ads.protocol.nack import MANY_REFUSALS, Refusal, culprits, shortened
from gatewayd.ads.protocol.overtaken import Overtaken
from gatewayd.ads.protocol.subscription import Subscription, SubscriptionChange
from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ir.limits import REFUSALS_IN_WORDS, VERSION_LENGTH
from gatewayd.xds.resource import Resource, Resources, XdsType

NOTHING: Resources = MappingProxyType({})
_NO_DOUBTS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The one response of a type whose ACK or NACK is waited for.

    `before` says of each name in it what the client had; it was sent what `target` has, or else a removal.
    """

    nonce: str
    before: Mapping[str, Held]
    target: Resources


# The names that are behind: those that the target has, and the others.
_Parts: TypeAlias = tuple[list[str], list[str]]


class Ledger:
    """The state of one type on one stream."""

    __slots__ = (
        "_parts",
        "_versions",
        "acked_nonce",
        "behind",
        "debt",
        "doubts",
        "flight",
        "greeting",
        "overtaken",
        "passing_debt",
        "refused",
        "row",
        "sent_nonce",
        "subscription",
        "suspects",
        "target",
    )

    def __init__(self, row: XdsType, pool: NamePool, versions: Versions) -> None:
        self.row = row
        self._versions = versions
        self.subscription = Subscription(row, pool)
        self.target: Resources = NOTHING
        self.behind: dict[str, Held] = {}
        self._parts: _Parts | None = None
        # Of the stream before, until the client has said what it has.
        self.doubts: Doubts = _NO_DOUBTS
        self.flight: Flight | None = None
        # What was not waited for, until it is answered.
        self.overtaken: Overtaken | None = None
        self.refused: dict[str, Refusal] = {}
        # Groups of a response that was refused as a whole, each to be sent alone until the culprit stands alone.
        self.suspects: tuple[frozenset[str], ...] = ()
        # The client waits for a first response, even an empty one.
        self.greeting = False
        self.sent_nonce = ""
        self.acked_nonce = ""
        # What is owed for names that the target does not have: as long as they are asked for; until nothing is behind.
        self.debt = 0
        self.passing_debt = 0

    def held(self, name: str) -> Held:
        """Return what the client has of a name that it is subscribed to, as far as it is known."""
        if self.flight is not None and name in self.flight.before:
            return self.flight.before[name]
        if name in self.behind:
            return self.behind[name]
        return self.target.get(name)

    def own_refusals(self) -> Iterator[tuple[str, Refusal]]:
        """Yield the resources that the client refused by name, sorted by name."""
        return ((name, refusal) for name, refusal in sorted(self.refused.items()) if not refusal.leads_to)

    def has(self, name: str, version: str) -> bool:
        """Return whether the client ACKed (or declared) this version of a resource that it wants."""
        is_held = self.subscription.covers(name) and version_of(self.held(name)) == version
        return is_held and (self.overtaken is None or name not in self.overtaken)

    def retarget(self, target: Resources, changed: Iterable[str]) -> None:
        """Make `target` what the client shall have; `changed` names every difference to the target before."""
        old, self.target, self._parts = self.target, target, None
        if self.subscription.is_empty:
            return
        covers = self.subscription.covers
        for name in changed:
            new = target.get(name)
            refusal = self.refused.get(name)
            if refusal is not None and (new is None or new.version != refusal.version):
                del self.refused[name]
            if covers(name):
                self._settle(name, self.behind[name] if name in self.behind else old.get(name))

    def subscribe(self, change: SubscriptionChange) -> None:
        """Record what a request subscribed to.

        Each Envoy names things in an order of its own; the same order for all lets them share responses.
        """
        if change.narrowed:
            self._forget()
        if change.wildcard:
            self.greeting = True
            self._await(self.target)
        self._await(sorted(change.asked))

    def declare(self, versions: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        """Record what the client had before this stream, by name (`initial_resource_versions` of a first request).

        `wanted` has the versions of the target. SPEC#incremental-xds: "On reconnect the Incremental xDS client may tell
        the server of its known resources to avoid resending them over the network".
        """
        doubts, self.doubts, self._parts = self.doubts, _NO_DOUBTS, None
        if versions:
            self.greeting = False
            is_all = self.behind.keys() <= versions.keys()
            self.behind = {} if is_all else {name: held for name, held in self.behind.items() if name not in versions}
        if versions != wanted:
            other = {name: version for name, version in versions.items() if wanted.get(name) != version}
            covers = self.subscription.covers
            self.behind.update((name, version[:VERSION_LENGTH]) for name, version in other.items() if covers(name))
        for name, said in doubts.items():
            is_open = versions.get(name, "") != said and self.behind.get(name) is not UNKNOWN
            if is_open and self.subscription.covers(name):
                self.behind[name] = Unsure(likely=None)

    def left_open(self) -> Doubts:
        """Return the versions that the client's next stream must not believe when it declares them.

        A client that refuses a response may have applied a part of it, and says the versions of before.
        """
        open_names = {**self.doubts, **{name: None for name, held in self.behind.items() if isinstance(held, Unsure)}}
        open_names.update((name, version_of(self.held(name)) or "") for name in self.overtaken or ())
        if self.flight is not None:
            sent = self.flight.target
            open_names.update((name, sent[name].version if name in sent else "") for name in self.flight.before)
        return open_names

    def effective(self, chosen: Collection[str]) -> list[Resource]:
        """Return all that the client will have when it takes a response that carries the names `chosen`, sorted.

        A resource that only the client knows the body of is left out.
        """
        resources: list[Resource] = []
        for name in sorted({*self.target, *self.behind}):
            item = self.target.get(name)
            if name not in chosen and name in self.behind:
                held = self.behind[name]
                held = held.likely if isinstance(held, Unsure) else held
                item = held if isinstance(held, Resource) else None
            if item is not None and self.subscription.covers(name):
                resources.append(item)
        return resources

    def refresh(self, names: Collection[str]) -> None:
        """Answer again, although nothing has changed: the client needs to see resources, or that they are not there."""
        self._await(names if self.subscription.wildcard else self.subscription.names.having(names))

    def unsettled(self, names: frozenset[str]) -> set[str]:
        """Return those of the names of which the client may have something else than the target."""
        before = self.flight.before if self.flight is not None else {}
        return {*(names & self.behind.keys()), *(names & before.keys())}

    def makes(self) -> list[str]:
        """Return the names that the client has yet to be sent, without those it refused."""
        makes, refused = self._parted()[0], self.refused
        return [name for name in makes if name not in refused] if refused else makes

    def has_makes(self) -> bool:
        """Return whether there are such names."""
        return any(name in self.target and name not in self.refused for name in self.behind)

    def removals(self) -> list[str]:
        """Return the names that the client has and shall lose."""
        return [name for name in self._parted()[1] if self.behind[name] is not UNKNOWN]

    def absences(self) -> list[str]:
        """Return the requested names that do not exist; answering them breaks nothing."""
        return [name for name in self._parted()[1] if self.behind[name] is UNKNOWN]

    def _parted(self) -> _Parts:
        """Return what is behind in two parts: they are looked at several times for each that they change."""
        if self._parts is None:
            known = self._versions.table(self.target, len(self.behind))
            others = [] if self.behind.keys() <= known.keys() else [name for name in self.behind if name not in known]
            self._parts = ([name for name in self.behind if name in known] if others else list(self.behind), others)
        return self._parts

    def drop(self, names: Iterable[str]) -> None:
        """Count resources as removed from the client without a response (SotW cannot express a removal)."""
        for name in names:
            self.behind.pop(name, None)
        self._parts = None
        self._shrink()

    def expect_gone(self, held: Mapping[str, Held]) -> None:
        """Undo `drop`: the client still has the resources, unless the target has them again."""
        covers, target, self._parts = self.subscription.covers, self.target, None
        self.behind.update((name, item) for name, item in held.items() if name not in target and covers(name))

    def is_waiting(self) -> bool:
        """Return whether there may be something to send: nothing is in flight, and the client lacks something."""
        return self.flight is None and (bool(self.behind) or self.greeting)

    def is_settled(self) -> bool:
        """Return whether the client has taken everything but what it refuses."""
        if self.flight is not None or self.overtaken is not None:
            return False
        return not self.behind or all(name in self.refused for name in self.behind)

    def depart(self, nonce: str, names: Collection[str]) -> None:
        """Put a response in flight that carries the names' targets (or removals)."""
        if len(names) == len(self.behind):
            before, self.behind = self.behind, {}
        else:
            before = {name: self.behind.pop(name) for name in names}
            self._shrink()
        self._parts = None
        self.flight = Flight(nonce=nonce, before=before, target=self.target)
        self.greeting = False
        self.sent_nonce = nonce

    def ack(self) -> None:
        """Record that the client applied the response in flight."""
        if self.flight is not None:
            self.acked_nonce = self.flight.nonce
            self.flight = self.overtaken = None

    def overtake(self) -> None:
        """Count the response in flight as applied until it is answered, and let others follow."""
        if self.flight is None:
            return
        self.overtaken = self.overtaken or Overtaken()
        self.overtaken.add(self.flight.nonce, self.flight.before)
        self.flight = None

    def answer_late(self, nonce: str, *, is_refused: bool) -> bool:
        """Record the answer to an overtaken response; return whether it is one.

        What was refused is sent again, ever fewer at a time: who is to blame may be another by now.
        """
        names = self.overtaken.answered(nonce) if self.overtaken is not None else ()
        if not self.overtaken:
            self.overtaken = None
        if is_refused:
            wanted = [name for name in names if self.subscription.covers(name)]
            self._await(wanted)
            self._suspect(wanted, is_known=False)
        return bool(names)

    def nack(self, words: str) -> None:
        """Record that the client refused the response in flight.

        What is to blame waits for new content; the rest is sent again without it, in ever smaller groups while nobody
        knows what is to blame.
        """
        if self.flight is None:
            return
        before, sent = self.flight.before, self.flight.target
        self.flight = self.overtaken = None
        in_response = [name for name in before if name in sent]
        bad = culprits(self.row.url, in_response, words)
        message = self._kept(words)
        for name, held in before.items():
            if self.behind.get(name) is UNKNOWN or not self.subscription.covers(name):
                continue  # asked for again, or no longer wanted, since it was sent
            item = sent.get(name)
            if name not in bad:
                self._settle(name, unsure(held, item if bad else None))
                continue
            if item is not None and item.version == version_of(self.target.get(name)):
                self.refused[name] = Refusal(version=item.version, message=message)
            self._settle(name, Unsure(likely=None) if held is UNKNOWN else held)
        rest = [name for name in before if name not in bad]
        if in_response:
            self._suspect(rest, is_known=bool(bad))
        else:
            self.drop(rest)  # removals alone cannot be refused for a reason that goes away: they count as done

    def group(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the pending names that may go into the next response.

        While a refused response is being taken apart, one group of it goes alone; everything else waits for that.
        """
        ready = tuple(names)
        while ready and self.suspects:
            chosen = tuple(name for name in ready if name in self.suspects[0])
            self.suspects = self.suspects[1:]
            if chosen:
                return chosen
        return ready

    def _kept(self, words: str) -> str:
        """Return what is kept of a client's message: there are many where each resource is refused with another one."""
        message = shortened(words)
        kept = {refusal.message for refusal in self.refused.values()}
        return message if message in kept or len(kept) < REFUSALS_IN_WORDS else MANY_REFUSALS

    def _suspect(self, names: list[str], *, is_known: bool) -> None:
        """Send the names apart from others; in two halves when the culprit must be among them."""
        half = len(names) if is_known else (len(names) + 1) // 2
        self.suspects = (frozenset(names[:half]), frozenset(names[half:]), *self.suspects)

    def _await(self, names: Iterable[str]) -> None:
        """Record that the client waits for an answer; a refused resource is sent once more."""
        self._parts = None
        self.behind.update(dict.fromkeys(names, UNKNOWN))
        if self.refused:
            for name in names:
                self.refused.pop(name, None)

    def _settle(self, name: str, held: Held) -> None:
        """Record what the client has of a name, and whether that is the target."""
        self._parts = None
        if not isinstance(held, Unsure | Unknown) and version_of(held) == version_of(self.target.get(name)):
            self.behind.pop(name, None)
        else:
            self.behind[name] = held

    def _shrink(self) -> None:
        """Release the memory that an emptied table keeps."""
        if not self.behind:
            self.behind = {}

    def _forget(self) -> None:
        """Drop what is known of names that the client no longer wants."""
        covers, self._parts = self.subscription.covers, None
        self.behind = {name: held for name, held in self.behind.items() if covers(name)}
        self.refused = {name: refusal for name, refusal in self.refused.items() if covers(name)}
