"""The rows of the live table of `gatewayd up`, and of what `gatewayd status` asks a control plane for.

Plain values: a control plane in a pod fills and sends them, and draws nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final

from gatewayd.manifests.documents import FileProblem


class ConditionMark(Enum):
    """The status of a condition; what it prints as and its colour."""

    TRUE = ("yes", "green")
    FALSE = ("no", "red")
    UNKNOWN = ("-", "dim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition; `reason` is shown unless the mark is TRUE."""

    mark: ConditionMark
    reason: str

    def __str__(self) -> str:
        word = self.mark.value[0]
        return word if self.mark is ConditionMark.TRUE or not self.reason else f"{word}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """How many proxies have ACKed the configuration, of how many, and the milliseconds since the change."""

    proxies: int
    of: int
    milliseconds: float

    def __str__(self) -> str:
        noun = "proxy" if self.of == 1 else "proxies"
        return f"ACKed by {self.proxies}/{self.of} {noun} in {self.milliseconds:.0f} ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRow:
    """A Gateway; `listeners` as `http :8080`, `acked_at` a date and a time of day, "" before the first ACK."""

    name: str
    listeners: tuple[str, ...]
    address: str
    accepted: Condition
    programmed: Condition
    acked_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """A route; `acked` is None before the first ACK."""

    kind: str
    name: str
    hostnames: tuple[str, ...]
    parents: tuple[str, ...]
    accepted: Condition
    resolved_refs: Condition
    programmed: Condition
    acked: Acked | None

    @property
    def object(self) -> str:
        """Return what the command line and access logs call it: "httproute/shop/cart"."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def is_well(self) -> bool:
        """Return whether there is nothing to look at."""
        return all(each.mark is ConditionMark.TRUE for each in (self.accepted, self.resolved_refs, self.programmed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All there is to see; `notices` are other lines, such as that Envoy restarts.

    `troubled` are those of `routes` that are not well. Sequences are immutable and equal to the tuples of their values.
    """

    gateways: Sequence[GatewayRow]
    routes: Sequence[RouteRow]
    troubled: Sequence[RouteRow]
    problems: tuple[FileProblem, ...]
    notices: tuple[str, ...]

    def routes_by_trouble(self) -> Iterator[RouteRow]:
        """Yield the routes, those that are not well first; who takes a few of them pays for these alone."""
        return chain(self.troubled, (row for row in self.routes if row.is_well))


def whole_board(
    *,
    gateways: tuple[GatewayRow, ...],
    routes: tuple[RouteRow, ...],
    problems: tuple[FileProblem, ...],
    notices: tuple[str, ...],
) -> Board:
    """Return the board of these rows."""
    troubled = tuple(row for row in routes if not row.is_well)
    return Board(gateways=gateways, routes=routes, troubled=troubled, problems=problems, notices=notices)


EMPTY: Final = whole_board(gateways=(), routes=(), problems=(), notices=())
