"""What gatewayd's figures are to be, and whether they are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
OWN = "gatewayd"
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<=": operator.le, "<": operator.lt, ">=": operator.ge}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A bar for gatewayd's median; with `of` the bar is that share of what this peer has in the same rounds."""

    sign: str
    bar: float
    of: str = ""

    def __str__(self) -> str:
        """Return it as a reader sees it."""
        return f"{self.sign} {self.bar:.3g} of {self.of}'s" if self.of else f"{self.sign} {self.bar:,g}"

    def is_met(self, value: float, peers: Mapping[str, float]) -> bool | None:
        """Return whether a value meets it beside the values of `peers`; None: that peer has none."""
        if self.of and self.of not in peers:
            return None
        return _SIGNS[self.sign](value, self.bar * peers[self.of] if self.of else self.bar)


def at_most(bar: float, of: str = "") -> Goal:
    """Return the goal of no more than this."""
    return Goal(sign="<=", bar=bar, of=of)


def below(bar: float) -> Goal:
    """Return the goal of less than this."""
    return Goal(sign="<", bar=bar)


def at_least(bar: float) -> Goal:
    """Return the goal of no less than this."""
    return Goal(sign=">=", bar=bar)


def judged(rows: Sequence[Row], goals: Mapping[str, Goal]) -> list[Row]:
    """Return the rows of one case with `goal` and `met`; goals are gatewayd's, by metric."""
    return [_judged(row, goals.get(row["metric"]), rows) for row in rows]


def _judged(row: Row, goal: Goal | None, rows: Sequence[Row]) -> Row:
    if goal is None or row["peer"] != OWN:
        return {**row, "goal": "", "met": None}
    beside = {each["peer"]: each["median"] for each in rows if each["metric"] == row["metric"]}
    return {**row, "goal": str(goal), "met": goal.is_met(row["median"], beside)}
