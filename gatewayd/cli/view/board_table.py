"""The live table of `gatewayd up`, drawn from plain rows.

In: a `Board`, what is to be seen. Out: a rich renderable for a terminal, or plain lines of what changed for anything
else. Text of users is never markup and never moves the cursor.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gatewayd.incremental.chunks import differences
from gatewayd.introspection.rows import Board, Condition, GatewayRow, RouteRow
from gatewayd.manifests.documents import FileProblem
from gatewayd.untrusted.printable import printable

_Row = GatewayRow | RouteRow


def draw(board: Board, most_rows: int) -> RenderableType:
    """Draw the board with at most `most_rows` routes and as many problems; routes that are not well come first."""
    parts: list[RenderableType] = [_gateway_table(board.gateways)]
    parts.append(_route_table(islice(board.routes_by_trouble(), most_rows)))
    if len(board.routes) > most_rows:
        parts.append(Text(f"and {len(board.routes) - most_rows} more routes", style="dim"))
    parts.extend(Text(str(problem), style="red") for problem in board.problems[:most_rows])
    if len(board.problems) > most_rows:
        parts.append(Text(f"and {len(board.problems) - most_rows} more problems", style="red"))
    parts.extend(Text(printable(notice), style="yellow") for notice in board.notices)
    return Group(*parts)


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
        if known.pop(_title(row), None) != row:
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


def _gateway_table(rows: Iterable[GatewayRow]) -> Table:
    table = _table("Gateway", "Listeners", "Address", "Accepted", "Programmed", "ACKed at")
    for row in rows:
        table.add_row(
            _text(row.name),
            _text("\n".join(row.listeners)),
            _text(row.address),
            _condition(row.accepted),
            _condition(row.programmed),
            _text(row.acked_at),
        )
    return table


def _route_table(rows: Iterable[RouteRow]) -> Table:
    table = _table("Kind", "Route", "Hostnames", "Parents", "Accepted", "ResolvedRefs", "Programmed", "Proxies")
    for row in rows:
        table.add_row(
            _text(row.kind),
            _text(row.name),
            _text("\n".join(row.hostnames) or "*"),
            _text("\n".join(row.parents)),
            _condition(row.accepted),
            _condition(row.resolved_refs),
            _condition(row.programmed),
            _text("" if row.acked is None else str(row.acked)),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _condition(condition: Condition) -> Text:
    return Text(printable(str(condition)), style=condition.mark.value[1])


def _text(text: str) -> Text:
    return Text("\n".join(printable(line) for line in text.split("\n")))
