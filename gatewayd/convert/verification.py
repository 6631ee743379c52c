"""The converted objects against a model of the source: the same requests, asked of both.

In: the model's answers, and what `gatewayd explain` says of the objects. Out: each request that ends elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gatewayd.convert.journeys import Answering, Ending, Probe, ToBackends, ToURL, WithStatus, ending, shares
from gatewayd.explain.action import Direct, Forwarded, Redirected
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.trace import Passed, Taken, Translated, Untaken, traces
from gatewayd.ir.filters import Header

_NOBODY: Final = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEnding:
    """A request that ended somewhere, and now ends elsewhere."""

    probe: Probe
    before: Ending
    after: Ending

    def __str__(self) -> str:
        return f"{self.probe}: was {self.before}, is {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How many requests were `compared`, and those that differ; the others lead to what the report calls lost."""

    asked: int
    compared: int
    differences: tuple[OtherEnding, ...]


def verification(probes: Iterable[Probe], model: Answering, translated: Translated) -> Verification:
    """Compare what a model says of requests with what `explain` says of objects."""
    return compared(probes, model, lambda probe: served(translated, probe))


def compared(probes: Iterable[Probe], old: Answering, new: Answering) -> Verification:
    """Compare the endings of all requests."""
    asked = tuple(probes)
    pairs = [(probe, ending(probe, old), ending(probe, new)) for probe in asked]
    known = [(probe, before, after) for probe, before, after in pairs if before is not None and after is not None]
    return Verification(
        asked=len(asked),
        compared=len(known),
        differences=tuple(
            OtherEnding(probe=probe, before=before, after=after) for probe, before, after in known if before != after
        ),
    )


def served(translated: Translated, probe: Probe) -> Ending:
    """Return what `explain` says of a request."""
    sent = Sent(
        scheme=probe.scheme,
        method="GET",
        host=probe.host,
        target=probe.path,
        headers=tuple(Header(name=name.lower(), value=value) for name, value in probe.headers),
    )
    at_ports = traces(translated, sent, None)
    # Where nothing is served there is no Gateway either, and nobody says 404.
    end = at_ports[0].end if at_ports else Untaken(status=_NOBODY, why="no listener")
    match end:
        case Taken(happening=Forwarded() as forwarded):
            return _backends(forwarded)
        case Taken(happening=Redirected(location=location)):
            return ToURL(location=location)
        case Taken(happening=Direct(status=status)):
            return WithStatus(status=status)
        case Answered(status=status, location=location):
            return ToURL(location=location) if location else WithStatus(status=status)
        case Untaken(status=status):
            return WithStatus(status=status)
        case Passed() | Taken():
            return WithStatus(status=0)


def _backends(forwarded: Forwarded) -> ToBackends:
    weights: dict[str, int] = {}
    for share in forwarded.shares:
        name = share.backend.partition(" ")[2].rpartition(":")[0] or share.backend
        weights[name] = weights.get(name, 0) + round(share.part * 1_000_000)
    return ToBackends(shares=shares(weights), path=forwarded.shares[0].path)
