"""What a history is made of: one event a line of JSON, `at` in Unix seconds of the one machine that everything runs on.

Nothing here judges. Resources are named by (short name of the type, name): `("CDS", "shop/echo/80/http")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

Key = tuple[str, str]
"""A resource: the short name of its type, and its name."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Something that happened."""

    at: float


class Hindrance(Event, frozen=True, kw_only=True, tag="hindrance"):
    """Something was done from `at` to `ended` that a change may have to wait for.

    `deaf`: meanwhile a replica did not hear of changes, and heard of them later, one kind of objects after the other.
    """

    what: str
    ended: float
    deaf: bool = False


class Mistake(Event, frozen=True, kw_only=True, tag="mistake"):
    """An object ("httproutes shop/odd") was wrong from `at` to `ended`."""

    subject: str
    ended: float


class Right(Event, frozen=True, kw_only=True, tag="right"):
    """From now on one of these answers of a target is right too, beside the one before; written before it is made so.

    `revoked` names the object whose deletion takes away what was right before, "" where nothing was revoked.
    """

    target: str
    answers: tuple[str, ...]
    revoked: str = ""


class Answer(Event, frozen=True, kw_only=True, tag="answer"):
    """A request was asked at `began` and answered: "200 ROUTE BACKEND", "404", or "" for no answer."""

    began: float
    connection: str
    target: str
    said: str


class Opened(Event, frozen=True, kw_only=True, tag="opened"):
    """A proxy of a Gateway ("shop/gateway") opened a stream."""

    stream: int
    gateway: str


class Asked(Event, frozen=True, kw_only=True, tag="asked"):
    """A proxy subscribed to resources, and said which it has: pairs of (name, version)."""

    stream: int
    kind: str
    names: tuple[str, ...] = ()
    has: tuple[tuple[str, str], ...] = ()


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A resource in a response: what else it `needs`, and which of the world's marked `words` are in its bytes."""

    name: str
    version: str
    needs: tuple[Key, ...] = ()
    words: tuple[str, ...] = ()


class Sent(Event, frozen=True, kw_only=True, tag="sent"):
    """A response went to a proxy."""

    stream: int
    kind: str
    nonce: str
    items: tuple[Item, ...] = ()
    removed: tuple[str, ...] = ()


class Replied(Event, frozen=True, kw_only=True, tag="replied"):
    """A proxy took a response, or `refused` it with these words."""

    stream: int
    kind: str
    nonce: str
    refused: str = ""


class Write(Event, frozen=True, kw_only=True, tag="write"):
    """A request that changes something was answered by the API server at `at`; `who` is the Pod, or the user.

    `subject` is "PLURAL NAMESPACE/NAME", with "/status" after the plural for a status. `body` is the object afterwards.
    """

    began: float
    who: str
    verb: str
    subject: str
    code: int
    body: Mapping[str, Any] = {}


class Has(Event, frozen=True, kw_only=True, tag="has"):
    """At a quiet point: what a proxy has, or what a replica gives to a new one; `whose` is the Pod."""

    quiet: int
    role: str
    whose: str
    gateway: str
    resources: tuple[tuple[str, str, str], ...]


class Sample(Event, frozen=True, kw_only=True, tag="sample"):
    """At a quiet point: what a process takes up."""

    quiet: int
    whose: str
    figures: Mapping[str, float]


Happened = Hindrance | Mistake | Right | Answer | Opened | Asked | Sent | Replied | Write | Has | Sample

_DECODER = msgspec.json.Decoder(Happened)
_ENCODER = msgspec.json.Encoder()


def read(file: Path) -> tuple[Happened, ...]:
    """Return the events of a file in the order of time; raises msgspec.DecodeError for what is no event."""
    with file.open("rb") as lines:
        return in_order(_DECODER.decode(line) for line in lines if line.strip())


def write(file: Path, events: Iterable[Happened]) -> None:
    """Write events, one a line, in the order of time."""
    with file.open("wb") as sink:
        for event in in_order(events):
            sink.write(_ENCODER.encode(event) + b"\n")


def in_order(events: Iterable[Happened]) -> tuple[Happened, ...]:
    """Return events by time; of one moment those that were told first stay first."""
    return tuple(sorted(events, key=_moment))


def _moment(event: Happened) -> float:
    return event.at


def of(events: Sequence[Happened], *kinds: type[Happened]) -> list[Any]:
    """Return the events of some kinds."""
    return [event for event in events if isinstance(event, kinds)]
