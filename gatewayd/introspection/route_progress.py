"""How far each route is on its way into the proxies: when it changed, and how long until a proxy ACKed it.

In: what was published and when, what proxies hold, the time as an argument. Out: a `RouteProgress` for each route, and
the names of those whose progress is another one than before. A route is carried by resources: the route tables that it
has a say in, the listeners for routes of the other kinds. It has arrived when a connected proxy holds the published
version of each. An edit of another route in the same table does not take it away and does not start its time anew:
until the edit arrives, proxies go on with what they have.
Invariant: a publish costs what it changes, an ACK what has not arrived.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from gatewayd.introspection.carried import Carried, Carrier, Edit, Load, RouteName
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.xds.resource import TypeUrl

T = TypeVar("T")

SLICE: Final = 100
"""Routes that are looked at in one go where others wait for the thread: a few milliseconds' worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteProgress:
    """`carriers` sorted; `since`: when it last changed; `arrived`: when it was first held after that, None before.

    Both in seconds of the clock that the caller uses. `proxies` hold it, 0 before it has arrived.
    """

    carriers: tuple[Carrier, ...]
    since: float
    arrived: float | None
    proxies: int

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it takes."""
        return None if self.arrived is None else self.arrived - self.since


Holders: TypeAlias = Callable[[FleetKey, TypeUrl], Callable[[str], int]]
"""How many connected proxies of a fleet have ACKed the published version of a resource of a type, by name."""

Names: TypeAlias = tuple[RouteName, ...]
"""Routes, each once."""


class _AtFleet:
    """What is known at one Gateway. `pieces` counts those that each carrier has of a route."""

    __slots__ = ("carried", "pieces", "progress", "waiting")

    def __init__(self) -> None:
        self.carried = Carried()
        self.pieces: dict[RouteName, dict[Carrier, int]] = {}
        self.progress: dict[RouteName, RouteProgress] = {}
        self.waiting: dict[RouteName, None] = {}

    def apply(self, edit: Edit) -> Iterator[RouteName]:
        """Take an edit; yield the routes that it changes."""
        before, after = _by_route(edit.before), _by_route(edit.after)
        is_moved = edit.before is None or edit.after is None or edit.before.carrier != edit.after.carrier
        for name in dict.fromkeys((*before, *after)):
            old, new = before.get(name, []), after.get(name, [])
            if is_moved or old != new:
                self._count(name, edit.before, -len(old))
                self._count(name, edit.after, len(new))
                yield name

    def _count(self, name: RouteName, load: Load | None, more: int) -> None:
        if load is None or not more:
            return
        pieces = self.pieces.setdefault(name, {})
        pieces[load.carrier] = pieces.get(load.carrier, 0) + more
        if not pieces[load.carrier]:
            del pieces[load.carrier]

    def restart(self, name: RouteName, now: float) -> bool:
        """Start the time of a route anew; return whether it is carried here at all."""
        carriers = tuple(sorted(self.pieces.get(name, ())))
        if not carriers:
            self.pieces.pop(name, None)
            self.progress.pop(name, None)
            self.waiting.pop(name, None)
            return False
        self.progress[name] = RouteProgress(carriers=carriers, since=now, arrived=None, proxies=0)
        self.waiting[name] = None
        return True


class Progress:
    """What is known of all routes of all fleets."""

    def __init__(self, holders: Holders) -> None:
        self._holders = holders
        self._fleets: dict[FleetKey, _AtFleet] = {}
        # Where each route is carried: most have one Gateway, so this is smaller than a table for each.
        self._where: dict[RouteName, tuple[FleetKey, ...]] = {}

    def publishing(self, config: ProxyConfig, now: float) -> Iterator[Names]:
        """Note what a Gateway's proxies shall have since `now`; yield the routes that this changes, in slices.

        To be exhausted before the next config of the Gateway.
        """
        state = self._fleets.setdefault(config.fleet, _AtFleet())
        for edits in _sliced(state.carried.edits(config)):
            changed = tuple(dict.fromkeys(name for edit in edits for name in state.apply(edit)))
            for name in changed:
                self._place(name, config.fleet, present=state.restart(name, now))
            yield changed

    def retired(self, fleet: FleetKey) -> Names:
        """Forget a Gateway; return the routes that were carried there."""
        state = self._fleets.pop(fleet, None)
        if state is None:
            return ()
        for name in state.progress:
            self._place(name, fleet, present=False)
        return tuple(state.progress)

    def answered(self, fleet: FleetKey, now: float) -> Names:
        """Look again at who holds what has not arrived; return what has arrived."""
        # Those that have arrived are not counted again: with a carrier for each host that would be a count for each.
        state = self._fleets.get(fleet)
        return () if state is None else self._counted(fleet, state, tuple(state.waiting), now)

    def counting(self, fleet: FleetKey, now: float) -> Iterator[Names]:
        """Look again at who holds what, of all routes, in slices; yield those that more or fewer proxies hold."""
        state = self._fleets.get(fleet)
        if state is not None:
            for routes in _sliced(tuple(state.progress)):
                yield self._counted(fleet, state, routes, now)

    def lost(self, fleet: FleetKey, now: float) -> Names:
        """Note that no proxy of a Gateway is connected any more: everything has to arrive again. Return what had."""
        state = self._fleets.get(fleet)
        if state is None:
            return ()
        arrived = tuple(name for name in state.progress if name not in state.waiting)
        for name in arrived:
            state.restart(name, now)
        return arrived

    def routes(self, fleet: FleetKey) -> Iterable[RouteName]:
        """Return the routes that are carried at a Gateway."""
        state = self._fleets.get(fleet)
        return () if state is None else state.progress.keys()

    def of(self, fleet: FleetKey, name: RouteName) -> RouteProgress | None:
        """Return how far a route is at a Gateway, None where it is not attached."""
        state = self._fleets.get(fleet)
        return None if state is None else state.progress.get(name)

    def at(self, name: RouteName) -> Mapping[FleetKey, RouteProgress]:
        """Return how far a route is, by Gateway."""
        return {fleet: self._fleets[fleet].progress[name] for fleet in self._where.get(name, ())}

    def waiting(self) -> tuple[tuple[FleetKey, RouteName], ...]:
        """Return what has not arrived, by Gateway and route."""
        return tuple((fleet, name) for fleet, state in sorted(self._fleets.items()) for name in sorted(state.waiting))

    def waiting_at(self, fleet: FleetKey) -> Iterable[RouteName]:
        """Return the routes that have not arrived at a Gateway."""
        state = self._fleets.get(fleet)
        return () if state is None else state.waiting.keys()

    def _counted(self, fleet: FleetKey, state: _AtFleet, routes: Iterable[RouteName], now: float) -> Names:
        """Count again who holds some routes; return those for which that is another number."""
        count = _counter(self._holders, fleet)
        changed = []
        for name in routes:
            progress = state.progress.get(name)
            if progress is None:
                continue
            held = min(map(count, progress.carriers))
            if held != progress.proxies:
                changed.append(name)
                arrived = None if not held else now if progress.arrived is None else progress.arrived
                state.progress[name] = replace(progress, arrived=arrived, proxies=held)
                if held:
                    state.waiting.pop(name, None)
                else:
                    state.waiting[name] = None
        return tuple(changed)

    def _place(self, name: RouteName, fleet: FleetKey, *, present: bool) -> None:
        """Note whether a route is carried at a Gateway."""
        before = self._where.get(name, ())
        if present == (fleet in before):
            return
        where = (*before, fleet) if present else tuple(each for each in before if each != fleet)
        if where:
            self._where[name] = where
        else:
            self._where.pop(name, None)


def _counter(holders: Holders, fleet: FleetKey) -> Callable[[Carrier], int]:
    """Return what counts who holds a carrier; each is counted once."""
    by_type = cache(lambda type_url: holders(fleet, type_url))
    return cache(lambda carrier: by_type(carrier.type_url)(carrier.name))


def _by_route(load: Load | None) -> dict[RouteName, list[object]]:
    contents: dict[RouteName, list[object]] = {}
    for piece in () if load is None else load.pieces:
        contents.setdefault(piece.route, []).append(piece.content)
    return contents


def _sliced(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """Yield the values in groups; none of them is empty."""
    left = iter(values)
    while group := tuple(islice(left, SLICE)):
        yield group
