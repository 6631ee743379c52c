"""Which warnings of members are due: each once while it lasts, and not again soon, whatever a member does.

In: how members are. Out: warnings, each of which becomes an Event of the member's Secret. No I/O, no clock.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from gatewayd.ir.member_limits import MEMBER_QUIET_SECONDS, MEMBER_WARNED_SECONDS
from gatewayd.ir.members import Standing
from gatewayd.kube.member import MemberState

_STANDS: Final = "what it said before stands"


class WarningReason(StrEnum):
    """The reason of an Event of a member's Secret."""

    INVALID = "Invalid"
    """It declares no member, or cannot be used."""
    OVER_LIMIT = "OverLimit"
    """The member says more than a member may; what it said before stands."""
    NOT_CURRENT = "NotCurrent"
    """It has not been heard of for a while, or does not say all; what it said before stands."""
    STALE = "Stale"
    """It has not been heard of for long."""


class MemberWarning(NamedTuple):
    """What is wrong with a member, in words for whoever has written its Secret."""

    reason: WarningReason
    message: str


class MemberWarnings:
    """What has been said. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._lasting: frozenset[tuple[str, WarningReason]] = frozenset()
        self._said_at: dict[tuple[str, WarningReason], float] = {}

    def due(self, states: Iterable[MemberState], now: float) -> tuple[tuple[str, MemberWarning], ...]:
        """Return the warnings that are new, with their clusters."""
        found = {(each.cluster, warning.reason): warning for each in states for warning in _warnings(each)}
        self._said_at = {key: at for key, at in self._said_at.items() if now - at < MEMBER_WARNED_SECONDS}
        # One that comes again too soon does not count as said: it is when its time has come, if it lasts.
        said = [key for key in found if key not in self._lasting and key not in self._said_at]
        self._said_at |= dict.fromkeys(said, now)
        self._lasting = frozenset((*(self._lasting & found.keys()), *said))
        return tuple((cluster, found[cluster, reason]) for cluster, reason in said)


def _warnings(state: MemberState) -> Iterator[MemberWarning]:
    silence = f"it has not been heard of for {state.silent:.0f} s: {state.trouble}"
    if state.excess:
        yield MemberWarning(WarningReason.OVER_LIMIT, f"{state.excess}; {_STANDS}")
    elif state.standing is Standing.KEPT and state.silent >= MEMBER_QUIET_SECONDS:
        yield MemberWarning(WarningReason.NOT_CURRENT, f"{silence}; {_STANDS}")
    if state.standing is Standing.STALE:
        yield MemberWarning(WarningReason.STALE, silence)
