"""What `gatewayd up` and `gatewayd status` show of a Board, as lines.

In: a `Board`, what is to be seen, and how much room there is. Out: lines, problems first; or plain lines of what
changed for anything that is no terminal. Text of users is never markup and never moves the cursor.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rich.text import Text

from gatewayd.access_log.minute import Requests
from gatewayd.cli.view.columns import columns, counted, cut
from gatewayd.incremental.chunks import differences
from gatewayd.introspection.rows import Board, Condition, ConditionMark, GatewayRow, RouteRow
from gatewayd.manifests.documents import FileProblem
from gatewayd.untrusted.printable import printable

_Row = GatewayRow | RouteRow

_MOST_NOTICES = 4
_MOST_GATEWAYS = 6
_PASSING = ("not ACKed yet", "no proxy is connected yet", "has not acknowledged it yet")
"""What a row waits for that comes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How many endpoints of a route are ready, None where none can be counted, and its requests of the last minute."""

    endpoints: int | None
    requests: Requests


TrafficOf = Callable[[RouteRow], Traffic]
Told = Mapping[str, Traffic]
"""By the name of the route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many columns and lines there are."""

    width: int
    height: int


def draw(board: Board, room: Room, hints: Sequence[str] = (), traffic: TrafficOf | None = None) -> Text:
    """Draw as much of the board as there is room for: counts, hints, what is wrong, then Gateways and routes.

    Each line is cut, none is wrapped. Routes that are not well come first. `traffic` is asked for those that are drawn.
    """
    lines = [(head(board), "bold"), *((hint, "cyan") for hint in hints)]
    lines += _some(map(str, board.problems), max(1, room.height // 3), "problem", "red")
    lines += ((printable(notice), "yellow") for notice in board.notices[-_MOST_NOTICES:])
    gateways = gateway_lines(islice(board.gateways, _MOST_GATEWAYS))
    lines += _styled(gateways, [row.programmed for row in islice(board.gateways, _MOST_GATEWAYS)])
    left = max(1, room.height - len(lines) - 3)
    routes = list(islice(board.routes_by_trouble(), left))
    told = None if traffic is None else {row.object: traffic(row) for row in routes}
    lines += _with_errors(_styled(route_lines(routes, traffic=told), [worst(row) for row in routes]), routes, told)
    if len(board.routes) > left:
        lines.append((f"and {counted(len(board.routes) - left, 'more route')}", "dim"))
    shown = Text()
    for at, (line, style) in enumerate(lines[: room.height]):
        shown.append(("\n" if at else "") + cut(line, room.width), style=style)
    return shown


def head(board: Board) -> str:
    """Return how many of what there is, and how many are not well."""
    broken = len(board.troubled)
    files = len({problem.file for problem in board.problems})
    parts = f"{counted(len(board.gateways), 'Gateway')}, {counted(len(board.routes), 'route')}: "
    parts += f"{len(board.routes) - broken} serving, {broken} not"
    return f"{parts}; {counted(files, 'file')} with problems" if files else parts


def gateway_lines(rows: Iterable[GatewayRow]) -> list[str]:
    """Return a line for each Gateway below one of heads."""
    heads = ("GATEWAY", "ACCEPTED", "PROGRAMMED", "LISTENERS", "ADDRESS", "ACKED AT")
    cells = [
        (row.name, short(row.accepted), short(row.programmed), ", ".join(row.listeners), row.address, row.acked_at)
        for row in rows
    ]
    return columns(heads, cells) if cells else []


def route_lines(rows: Iterable[RouteRow], *, whole: bool = False, traffic: Told | None = None) -> list[str]:
    """Return a line for each route below one of heads; `whole` conditions have their messages."""
    heads = ("ROUTE", "ACCEPTED", "RESOLVED", "PROGRAMMED", *_heads(traffic), "PROXIES", "HOSTNAMES", "PARENTS")
    said = str if whole else short
    cells = [
        (
            f"{row.kind} {row.name}",
            *map(said, (row.accepted, row.resolved_refs, row.programmed)),
            *_traffic_cells(row, traffic),
            "" if row.acked is None else f"{row.acked.proxies}/{row.acked.of} {row.acked.milliseconds:.0f}ms",
            ",".join(row.hostnames) or "*",
            ",".join(row.parents),
        )
        for row in rows
    ]
    return columns(heads, cells) if cells else []


def _heads(traffic: Told | None) -> tuple[str, ...]:
    return () if traffic is None else ("READY", "2XX/4XX/5XX")


def _traffic_cells(row: RouteRow, traffic: Told | None) -> tuple[str, ...]:
    """Return how many endpoints are ready, and how requests of the last minute were answered."""
    if traffic is None:
        return ()
    of_row = traffic[row.object]
    requests = of_row.requests
    answers = f"{requests.good}/{requests.client_errors}/{requests.server_errors}" if requests.total else ""
    return "" if of_row.endpoints is None else str(of_row.endpoints), answers


def short(condition: Condition) -> str:
    """Return a condition without its message: `yes`, or `no: BackendNotFound`."""
    word, reason = condition.mark.value[0], condition.reason.partition(":")[0]
    return f"{word}: {reason}" if reason and condition.mark is not ConditionMark.TRUE else word


def worst(row: RouteRow) -> Condition:
    """Return the condition of a route that tells most: the first that is not well."""
    conditions = (row.accepted, row.resolved_refs, row.programmed)
    return next((each for each in conditions if each.mark is not ConditionMark.TRUE), row.programmed)


def _styled(lines: list[str], conditions: list[Condition]) -> Iterator[tuple[str, str]]:
    """Yield lines with their colours: those of objects that are not well are seen."""
    for line, condition in zip(lines, (None, *conditions), strict=False):
        is_well = condition is not None and condition.mark is ConditionMark.TRUE
        yield line, "bold" if condition is None else "" if is_well else condition.mark.value[1]


def _with_errors(
    lines: Iterable[tuple[str, str]], rows: Sequence[RouteRow], told: Told | None
) -> Iterator[tuple[str, str]]:
    """Yield lines; those of routes whose requests fail are red, however well the route is programmed."""
    for (line, style), row in zip(lines, (None, *rows), strict=False):
        fails = row is not None and told is not None and told[row.object].requests.server_errors > 0
        yield line, "red" if fails else style


def _some(lines: Iterable[str], most: int, noun: str, style: str) -> list[tuple[str, str]]:
    listed = list(lines)
    shown = [(line, style) for line in listed[:most]]
    more = len(listed) - most
    return [*shown, (f"and {counted(more, f'more {noun}')}", style)] if more > 0 else shown


def changed_lines(before: Board, after: Board) -> tuple[str, ...]:
    """Return one plain line for each row that is new, other than it was, or gone."""
    return (
        *_changes(before.gateways, after.gateways),
        *_changes(before.routes, after.routes),
        *(str(problem) for problem in _without(after.problems, before.problems)),
        *(f"solved: {problem}" for problem in _without(before.problems, after.problems)),
        *(printable(notice) for notice in after.notices if notice not in before.notices),
    )


def _without(problems: tuple[FileProblem, ...], others: tuple[FileProblem, ...]) -> Iterable[FileProblem]:
    known = frozenset(others)
    return (problem for problem in problems if problem not in known)


def _changes(before: Sequence[_Row], after: Sequence[_Row]) -> Iterable[str]:
    old, new = differences(before, after)
    known = {_title(row): row for row in old}
    for row in new:
        before_row = known.pop(_title(row), None)
        if before_row != row and not (_is_pending(row) and (before_row is None or _is_pending(before_row))):
            yield printable(_line(row))
    for title in known:
        yield printable(f"{title}: gone")


def _title(row: _Row) -> str:
    return f"Gateway {row.name}" if isinstance(row, GatewayRow) else f"{row.kind} {row.name}"


def _line(row: _Row) -> str:
    if isinstance(row, GatewayRow):
        facts = [f"Accepted {row.accepted}", f"Programmed {row.programmed}", ", ".join(row.listeners), row.address]
    else:
        facts = [f"Accepted {row.accepted}", f"ResolvedRefs {row.resolved_refs}", f"Programmed {row.programmed}"]
        facts.append("" if row.acked is None else str(row.acked))
    return f"{_title(row)}: {'; '.join(fact for fact in facts if fact)}"


def _is_pending(row: _Row) -> bool:
    """Return whether a row is on its way: what comes of it is told when it has come."""
    return row.programmed.mark is ConditionMark.FALSE and row.programmed.reason.endswith(_PASSING)
