"""A request, and where it ends: what a model of the source and what is served in its place are compared by.

Redirects are followed, since one instead of two is no difference to who follows them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gatewayd.convert.fates import Fidelity, Item

_MOST_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A request, without a query; `headers` are (name, value)."""

    scheme: str
    host: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        shown = "".join(f" with {name}: {value}" for name, value in self.headers)
        return f"{self.scheme}://{self.host}{self.path}{shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBackends:
    """Sent on with `path`: shares are (namespace and name of a Service, weight in a thousand), sorted."""

    shares: tuple[tuple[str, int], ...]
    path: str

    def __str__(self) -> str:
        to = " or ".join(f"{name} ({share / 10:g} %)" for name, share in self.shares)
        return f"{to} with the path {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithStatus:
    """Answered by the proxy itself; 0 is a connection that is closed."""

    status: int

    def __str__(self) -> str:
        return str(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToURL:
    """Sent to another URL."""

    location: str

    def __str__(self) -> str:
        return f"a redirect to {self.location}"


Ending = ToBackends | WithStatus | ToURL
_NOBODY: Final = WithStatus(status=404)
Answering = Callable[[Probe], Ending | None]
"""What becomes of a request; None where that is not known, or is known to be lost."""


class LostFields:
    """The fields of objects that are lost, by the report."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._paths: dict[str, list[str]] = {}
        for item in items:
            if item.fidelity is Fidelity.LOST:
                self._paths.setdefault(item.object, []).append(item.path)

    def has(self, name: str, path: str) -> bool:
        """Return whether a part of an object, or something in it, is lost."""
        return any(each == path or each.startswith((f"{path}.", f"{path}[")) for each in self._paths.get(name, ()))


class SourceModel(NamedTuple):
    """What others did with requests, and the requests that tell one reading from another."""

    answer: Answering
    probes: tuple[Probe, ...]


def all_models(models: Iterable[SourceModel]) -> SourceModel:
    """Return several models as one: of a request that one of them has something for, what that one says."""
    each_of = tuple(models)

    def answer(probe: Probe) -> Ending | None:
        return next((said for each in each_of if (said := each.answer(probe)) != _NOBODY), _NOBODY)

    return SourceModel(answer, tuple(dict.fromkeys(probe for each in each_of for probe in each.probes)))


def ending(probe: Probe, answering: Answering) -> Ending | None:
    """Return where a request ends, redirects followed as long as they stay at the host."""
    at = probe
    answer = answering(at)
    for _ in range(_MOST_REDIRECTS):
        if not isinstance(answer, ToURL):
            return answer
        url = urlsplit(answer.location)
        if url.query or url.netloc.lower() != at.host.lower():
            return answer
        following = Probe(scheme=url.scheme, host=url.netloc, path=url.path or "/", headers=at.headers)
        if following == at:
            return answer
        at, answer = following, answering(following)
    return answer


def shares(weights: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Return weights as parts of a thousand, without those that get nothing."""
    total = sum(weights.values())
    return tuple(sorted((name, round(1000 * weight / total)) for name, weight in weights.items() if weight))
