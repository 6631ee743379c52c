"""What a scenario is, and what it leaves: figures with pass bars."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.harness.crds import NEWEST

if TYPE_CHECKING:
    from conformance.scenarios.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. A bar is inclusive; with none the number is only told."""

    what: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """Return whether the value is within its bars."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def bar(self) -> str:
        """Return the bars as a reader sees them."""
        parts = (("<=", self.at_most), (">=", self.at_least))
        return " ".join(f"{sign} {number(bar)}" for sign, bar in parts if bar is not None)


def number(value: float) -> str:
    """Return a number without needless digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def none_of(what: str, count: float) -> Figure:
    """Return a figure that must be 0."""
    return Figure(what=what, value=count, at_most=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A name, the claim that it proves, and the coroutine that measures in a fresh cluster with CRDs of a release.

    `options` are of `gatewayd install`; `audited`: the API server keeps an audit log; `prepare` is done before there is
    a cluster, such as to build what needs the network.
    """

    name: str
    claim: str
    crds: str = NEWEST
    options: tuple[str, ...] = ()
    audited: bool = False
    prepare: Callable[[], object] = tuple
    run: Callable[[World], Awaitable[tuple[Figure, ...]]]
