"""What crossed the xDS streams: G2 make before break, G3 nothing again, G12 nothing of another Gateway's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.history.breach import Breach
from conformance.history.events import Asked, Happened, Key, Opened, Replied, Sent, of

GATE_SECONDS = 10.0
"""What a response waits at most for what it needs (`gatewayd/ir/limits.py`)."""
_ROUTING = frozenset({"RDS", "SRDS", "LDS"})


@dataclass(slots=True, kw_only=True)
class _Stream:
    """One stream as its proxy knows it. `taken` is what was ACKed or brought along, by version.

    `known` is common to all streams: what each version needs, since what a proxy brings along was sent on another one.
    """

    gateway: str
    known: dict[tuple[str, str, str], tuple[Key, ...]]
    taken: dict[Key, str] = field(default_factory=dict)
    needs: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    pending: dict[tuple[str, str], Sent] = field(default_factory=dict)
    sent_at: dict[Key, float] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)
    refused: set[Key] = field(default_factory=set)
    owed: set[Key] = field(default_factory=set)
    has_new_listeners: bool = False

    def ask(self, event: Asked) -> None:
        """Take what the proxy wants, and what it says it has."""
        self.asked |= {(event.kind, name) for name in event.names}
        for name, version in event.has:
            self.taken[event.kind, name] = version
            self.needs[event.kind, name] = self.known.get((event.kind, name, version), ())

    def send(self, event: Sent) -> None:
        """Remember a response until it is answered."""
        self.pending[event.kind, event.nonce] = event
        for item in event.items:
            key = (event.kind, item.name)
            self.sent_at.setdefault(key, event.at)
            self.known[event.kind, item.name, item.version] = item.needs
            self.asked.discard(key)
            self.owed.discard(key)
            if event.kind == "CDS":
                self.owed.add(("EDS", item.name))
        if event.kind == "LDS":
            self.has_new_listeners = True

    def reply(self, event: Replied) -> None:
        """Take an answer to a response."""
        response = self.pending.pop((event.kind, event.nonce), None)
        if response is None:
            return
        keys = {(event.kind, item.name): item for item in response.items}
        if event.refused:
            self.refused |= keys.keys()
            return
        self.refused -= keys.keys()
        self.taken |= {key: item.version for key, item in keys.items()}
        self.needs |= {key: item.needs for key, item in keys.items()}
        for name in response.removed:
            self.taken.pop((event.kind, name), None)
            self.needs.pop((event.kind, name), None)


_Judge = Callable[[_Stream, Sent], Iterator[str]]


def _judged(events: Sequence[Happened], judge: _Judge) -> Iterator[Breach]:
    """Play all streams, and judge each response before it is sent."""
    streams: dict[int, _Stream] = {}
    known: dict[tuple[str, str, str], tuple[Key, ...]] = {}
    for event in of(events, Opened, Asked, Sent, Replied):
        if isinstance(event, Opened):
            streams[event.stream] = _Stream(gateway=event.gateway, known=known)
            continue
        stream = streams[event.stream]
        match event:
            case Asked():
                stream.ask(event)
            case Replied():
                stream.reply(event)
            case Sent():
                for what in judge(stream, event):
                    yield Breach(at=event.at, what=f"{event.kind} to {stream.gateway} ({event.stream}): {what}")
                stream.send(event)


def unready(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield routes and listeners that went out before their clusters, with endpoints and secrets, were taken (G2)."""
    return _judged(events, _unready)


def _unready(stream: _Stream, event: Sent) -> Iterator[str]:
    if event.kind not in _ROUTING:
        return
    for item in event.items:
        # What a listener itself needs, its certificate and routes, Envoy asks for when it has the listener.
        for cluster in (key for key in item.needs if key[0] == "CDS"):
            for key in (cluster, *stream.needs.get(cluster, ())):
                if not _is_there(stream, key, event.at):
                    yield f"{item.name} before {' '.join(key)}"


def _is_there(stream: _Stream, key: Key, now: float) -> bool:
    """Return whether a proxy has something, has refused it, or has let it wait for longer than anything waits."""
    if key in stream.taken or key in stream.refused:
        return True
    sent = stream.sent_at.get(key)
    return sent is not None and now - sent > GATE_SECONDS


def broken(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield clusters that were taken away while a route or listener that the proxy has uses them (G2)."""
    return _judged(events, _broken)


def _broken(stream: _Stream, event: Sent) -> Iterator[str]:
    if event.kind != "CDS" or not event.removed:
        return
    used = {key: user for user, needs in stream.needs.items() if user[0] in _ROUTING for key in needs}
    for name in event.removed:
        if (user := used.get(("CDS", name))) is not None:
            yield f"{name} taken away while {' '.join(user)} uses it"


def again(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield resources that went to a proxy which has this very version and did not ask for them again (G3).

    Endpoints follow a cluster that was sent, and scopes a listener: Envoy wants the former and forgets the latter.
    """
    return _judged(events, _again)


def _again(stream: _Stream, event: Sent) -> Iterator[str]:
    for item in event.items:
        key = (event.kind, item.name)
        is_owed = key in stream.owed or (event.kind == "SRDS" and stream.has_new_listeners)
        if stream.taken.get(key) == item.version and key not in stream.asked and not is_owed:
            yield f"{item.name} {item.version} again"


def foreign(owners: Mapping[str, str]) -> Callable[[Sequence[Happened]], Iterator[Breach]]:
    """Return a check of what marked words stand in a Gateway's resources; `owners` says whose each word is (G12)."""

    def judge(stream: _Stream, event: Sent) -> Iterator[str]:
        for item in event.items:
            for word in item.words:
                if owners.get(word, stream.gateway) != stream.gateway:
                    yield f"{item.name} has {word}, which is {owners[word]}'s"

    return lambda events: _judged(events, judge)
