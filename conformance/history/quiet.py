"""What there was at quiet points: G1 convergence, G10 equal replicas, G11 bounded state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from conformance.history.breach import Breach
from conformance.history.events import Happened, Has, Sample, of

GROWTH: Mapping[str, tuple[float, float]] = {
    "resident bytes": (1.25, 24 * 2**20),
    "descriptors": (1.0, 12),
    "threads": (1.0, 2),
}
"""What a process may take up at a later quiet point: so many times what it took at the first, and so much more.

Python keeps arenas that a burst has filled, so memory has a share; what is counted has none. A replica's descriptors
are its watches, its proxies and whoever looks.
"""


def _points(events: Sequence[Happened]) -> Mapping[tuple[int, str], list[Has]]:
    points: dict[tuple[int, str], list[Has]] = defaultdict(list)
    for event in of(events, Has):
        points[event.quiet, event.gateway].append(event)
    return points


def unequal(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield resources that one replica gives in another version than the others, or not at all (G10)."""
    for (quiet, gateway), there in _points(events).items():
        replicas = [each for each in there if each.role == "replica"]
        for other in replicas[1:]:
            for key in _differing(replicas[0], other):
                what = f"quiet {quiet}, {gateway}: {key} differs between {replicas[0].whose} and {other.whose}"
                yield Breach(at=other.at, what=what)


def behind(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield what a proxy has that it should not, or lacks, when nothing has happened for a while (G1)."""
    for (quiet, gateway), there in _points(events).items():
        replicas = [each for each in there if each.role == "replica"]
        for proxy in (each for each in there if each.role == "proxy"):
            for key in _differing(replicas[-1], proxy) if replicas else ():
                what = f"quiet {quiet}, {gateway}: {key} of {proxy.whose} is not what {replicas[-1].whose} gives"
                yield Breach(at=proxy.at, what=what)


def _differing(left: Has, right: Has) -> list[str]:
    # An Envoy does not tell the versions of all types.
    kinds = {kind for kind, *_ in right.resources}
    if right.role == "replica":
        kinds |= {kind for kind, *_ in left.resources}
    one, other = ({each for each in has.resources if each[0] in kinds} for has in (left, right))
    return sorted({f"{kind} {name}" for kind, name, _ in one ^ other})


def grown(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield processes that take up more at a later quiet point than they may (G11)."""
    first: dict[str, Sample] = {}
    for sample in of(events, Sample):
        start = first.setdefault(sample.whose, sample)
        for name, (times, more) in GROWTH.items():
            if name in sample.figures and sample.figures[name] > start.figures[name] * times + more:
                yield Breach(
                    at=sample.at,
                    what=f"{sample.whose}: {start.figures[name]:.0f} {name} have become {sample.figures[name]:.0f}",
                )
