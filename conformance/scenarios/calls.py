"""What may answer a pod that calls a Service, at each moment, and the judgement of every answer.

Whether a connection is led to the node's Envoy, and to the routes of which namespace there, is decided when it begins,
and stays so for as long as it lasts. Which rule a request gets on such a connection is decided by these routes as they
are at the moment. So an answer by a rule is judged by when it was asked and given, and one that kube-proxy alone has
led by when its connection was begun.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from conformance.scenarios.traffic import Answer

CONNECTS_SECONDS = 1.1
"""A connection is led where it goes with its first packet, or the second one, which is sent after a second."""

KEPT_SECONDS = 2.0
"""A connection that is kept open past the last route of a Service is answered by that for a second, and then ends."""

_AROUND_SECONDS = 3.0
"""What has been right so long before and after a wrong answer may tell why it was given."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Who answers: the status, what the rule tells the backend, and the backend's Deployment.

    `of`: the namespace whose route the rule is of, which nobody sees in an answer.
    """

    status: int
    route: str = ""
    backend: str = ""
    of: str = field(default="", compare=False)


NO_RULE = Reply(404)
"""Of the Envoy, for what none of the rules matches."""


@dataclass(slots=True)
class Span:
    """From when until when (Unix seconds) something is so, or may still be."""

    since: float
    until: float = math.inf

    def meets(self, since: float, until: float) -> bool:
        """Return whether it is so at any moment of these."""
        return self.since <= until and since <= self.until


@dataclass(slots=True)
class Spell(Span):
    """When a reply is right.

    `lasts`: also later, on connections of that time, since others are led elsewhere, to routes of another namespace.
    """

    reply: Reply = NO_RULE
    lasts: bool = False


class Verdict(Enum):
    """What an answer is."""

    RIGHT = "right"
    PASSED = "passed by the routes while nobody was led to the Envoy"
    LOST = "lost"
    WRONG = "wrong"


@dataclass(slots=True, kw_only=True)
class Called:
    """A URL that a pod calls, and what may answer: `ruled` by rules, `plain` where there is no Envoy on the way.

    `unled`: when the Service had no route for this pod.
    """

    url: str
    ruled: list[Spell] = field(default_factory=list)
    plain: list[Spell] = field(default_factory=list)
    unled: list[Span] = field(default_factory=list)

    @property
    def is_led_by_kube_proxy(self) -> bool:
        """Return whether connections that are made from now on are for no route."""
        return bool(self.unled) and (not self.ruled or self.unled[-1].since > self.ruled[-1].since)

    @property
    def newest(self) -> Reply:
        """Return what answers a connection that is made from now on."""
        return self.plain[-1].reply if self.is_led_by_kube_proxy else self.ruled[-1].reply

    def is_of(self, backend: str, now: float) -> None:
        """Have a Service of the Pods of a Deployment from now on, and no other."""
        for each in self.plain:
            each.until = min(each.until, now)
        self.plain.append(Spell(now, reply=Reply(200, backend=backend)))

    def has_rule(self, reply: Reply, now: float) -> None:
        """Take that routes are written now which make a reply right, beside what was right until it has settled."""
        self.ruled.append(Spell(now, reply=reply))

    def has_no_route(self, now: float) -> None:
        """Take that what is written now leaves no route."""
        self.unled.append(Span(now))

    def settle(self, now: float) -> None:
        """Take that only the newest is right from now on."""
        *before, newest = sorted([*self.ruled, *self.unled], key=lambda each: each.since)
        over = now if isinstance(newest, Spell) else now + KEPT_SECONDS
        for each in (each for each in before if each.until == math.inf):
            each.until = over
            if isinstance(each, Spell) and isinstance(newest, Spell) and each.reply.of != newest.reply.of:
                each.lasts = True

    def around(self, moment: float) -> str:
        """Return what was right in the seconds about a moment, by seconds from it."""
        spells = sorted([*self.ruled, *self.plain, *self.unled], key=lambda each: each.since)
        return "; ".join(
            f"{each.since - moment:+.3f} to {each.until - moment:+.3f} {getattr(each, 'reply', 'no route')}"
            for each in spells
            if each.meets(moment - _AROUND_SECONDS, moment + _AROUND_SECONDS)
        )

    def verdict(self, answer: Answer, away: Iterable[Span]) -> Verdict:
        """Judge an answer; `away` is when nobody, or not everybody, was led to the Envoy."""
        if not answer.status:
            return Verdict.LOST
        reply, over = Reply(answer.status, answer.route, answer.backend), answer.began + answer.seconds
        connected = answer.connected, answer.connected + CONNECTS_SECONDS
        for each in self.ruled:
            if each.reply == reply and (each.meets(answer.began, over) or (each.lasts and each.meets(*connected))):
                return Verdict.RIGHT
        if not any(each.reply == reply and each.meets(*connected) for each in self.plain):
            return Verdict.WRONG
        if any(each.meets(*connected) for each in self.unled):
            return Verdict.RIGHT
        return Verdict.PASSED if any(each.meets(*connected) for each in away) else Verdict.WRONG
