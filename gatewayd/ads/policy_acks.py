"""Which policies all proxies of one fleet have taken. In: what each stream has taken. Out: generations by policy.

A proxy that has just connected and has not taken everything yet says nothing for or against: it serves nobody, or goes
on with what it told of on its last stream, and is asked again as soon as it is up to date. Who does not get there in
some seconds is one that has nothing.
Invariant: what an answer costs here grows with the number of different configurations that proxies have, one or two.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from gatewayd.ads.protocol.taken import NOTHING_TAKEN, TakenPolicies
from gatewayd.ir.carriers import Policies, PolicyCarrier

NEW_SECONDS: Final = 15.0
"""How long a proxy may take to get everything for the first time; as long as its ACKs count after its stream's end."""

_Parts: TypeAlias = tuple[int, int, int]


class _New(NamedTuple):
    """A stream that has not taken everything yet. `since` None: the clock has not been seen yet."""

    since: float | None
    taken: TakenPolicies

    def is_late(self, now: float) -> bool:
        """Return whether it has been there for too long."""
        return self.since is not None and now >= self.since + NEW_SECONDS


class PolicyAcks:
    """What the streams of a fleet have taken."""

    __slots__ = ("_counts", "_kinds", "_new", "_of", "_told")

    def __init__(self) -> None:
        self._of: dict[object, TakenPolicies] = {}
        # Streams that have not taken everything yet.
        self._new: dict[object, _New] = {}
        # What is taken is large and seldom differs: it is told apart by identity, and kept as long as anybody has it.
        self._kinds: dict[_Parts, TakenPolicies] = {}
        self._counts: Counter[_Parts] = Counter()
        self._told: tuple[dict[_Parts, TakenPolicies], Mapping[str, int]] = ({}, {})

    def joined(self, stream: object) -> None:
        """Take it that a stream has begun."""
        self._new[stream] = _New(None, NOTHING_TAKEN)

    def left(self, stream: object) -> None:
        """Take it that a stream has ended."""
        self._new.pop(stream, None)
        before = self._of.pop(stream, None)
        if before is not None:
            self._count(before, -1)

    def took(self, stream: object, taken: TakenPolicies) -> bool:
        """Take what a stream has taken; return whether the whole may differ by that."""
        before = self._of.get(stream)
        if before is None and not taken.is_whole:
            self._new[stream] = _New(self._new[stream].since, taken)
            return False
        self._new.pop(stream, None)
        self._of[stream] = taken
        if before is not None:
            self._count(before, -1)
        self._count(taken, 1)
        return True

    def is_new(self, stream: object) -> bool:
        """Return whether a stream has just come, and says nothing for or against yet."""
        return stream in self._new

    def sweep(self, now: float) -> bool:
        """Let those who have been new for too long count; return whether there are any. `now`: see `Fleet.sweep`."""
        late = [(stream, new.taken) for stream, new in self._new.items() if new.is_late(now)]
        for stream, taken in late:
            del self._new[stream]
            self._of[stream] = taken
            self._count(taken, 1)
        self._new = {
            stream: _New(now if new.since is None else new.since, new.taken) for stream, new in self._new.items()
        }
        return bool(late)

    def held(self) -> Mapping[str, int] | None:
        """Return the generation of each policy that all have, or a later one; None where nobody has everything."""
        if not self._counts:
            return None
        if self._kinds.keys() != self._told[0].keys():
            self._told = (dict(self._kinds), _common(list(self._kinds.values())))
        return self._told[1]

    def _count(self, taken: TakenPolicies, by: int) -> None:
        parts = (id(taken.routes), id(taken.backends), id(taken.listeners))
        self._kinds[parts] = taken
        self._counts[parts] += by
        if not self._counts[parts]:
            del self._counts[parts], self._kinds[parts]


def _common(kinds: list[TakenPolicies]) -> Mapping[str, int]:
    """Return what all of them have, each in the earliest of its generations."""
    by_carrier = ([_of_carrier(each.of(carrier), carrier) for each in kinds] for carrier in PolicyCarrier)
    return {
        policy: min(each[policy] for each in generations)
        for generations in by_carrier
        for policy in generations[0]
        if all(policy in each for each in generations)
    }


def _of_carrier(taken: Policies | None, carrier: PolicyCarrier) -> dict[str, int]:
    return {each.policy: each.generation for each in taken or () if each.carrier is carrier}
