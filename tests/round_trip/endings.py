"""A request, and where it ends, in words that a model, `explain` and an Envoy have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_MOST_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A request of a client at an address, who may have a password; `headers` are (name, value)."""

    scheme: str
    host: str
    path: str
    client: str = ""
    password: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        shown = "".join(f" {name}={value}" for name, value in self.headers)
        who = f" from {self.client}" if self.client else ""
        return f"{self.scheme}://{self.host}{self.path}{shown}{who}{' with a password' if self.password else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One of the Services, with its part of a thousand, gets it: `path` and `host` are what it sees.

    `told` are (name, value) of headers that it gets, or the client; who knows nothing of them says None.
    """

    shares: tuple[tuple[str, int], ...]
    path: str
    host: str
    told: tuple[tuple[str, str], ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Answered on the way, with one of these statuses."""

    statuses: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Sent to another URL; those of the same host are followed."""

    status: int
    location: str


Ending = Reached | Answered | Sent
NOBODY: Final = Answered(statuses=(404,))
SHUT: Final = Answered(statuses=(401, 403, 500, 503))
"""Where a protection is lost."""
Answering = Callable[[Probe], Ending | None]
"""What becomes of a request; None where the pages say that it differs, or is lost."""


def followed(probe: Probe, answering: Answering) -> Ending | None:
    """Return where a request ends for a client who follows redirects at the host: one or two make no difference."""
    at = probe
    for _ in range(_MOST_REDIRECTS):
        answer = answering(at)
        if not isinstance(answer, Sent):
            return answer
        further = next_of(at, answer.location)
        if further is None or further == at:
            return answer
        at = further
    return None


def next_of(at: Probe, location: str) -> Probe | None:
    """Return the request that a client sends for a redirect; None where that is for another host."""
    url = urlsplit(location)
    if url.netloc.lower() != at.host.lower():
        return None
    return Probe(
        scheme=url.scheme,
        host=at.host,
        path=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        client=at.client,
        password=at.password,
        headers=at.headers,
    )


def is_same(before: Ending, after: Ending) -> bool:
    """Return whether two endings are one, as far as both know."""
    if isinstance(before, Answered) and isinstance(after, Answered):
        return bool(set(before.statuses) & set(after.statuses))
    if isinstance(before, Reached) and isinstance(after, Reached):
        known = before.told is not None and after.told is not None
        return (
            before.shares == after.shares
            and (before.path, before.host) == (after.path, after.host)
            and (not known or before.told == after.told)
        )
    return before == after
