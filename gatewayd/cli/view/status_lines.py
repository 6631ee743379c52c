"""A Status as lines for people and for grep: one object a line, what is wrong first.

In: a `Status`, and which part of it is wanted. Out: lines; whoever writes them may cut them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from gatewayd.api.decode import DEFAULT_NAMESPACE
from gatewayd.cli.view.board_table import gateway_lines, head, route_lines
from gatewayd.cli.view.columns import columns
from gatewayd.introspection.node_rows import AwayNode, ConnectedNode, NodeRow, is_of_mesh
from gatewayd.introspection.rows import Board, whole_board
from gatewayd.introspection.status import ProxyRow, Status, TypeRow
from gatewayd.ir.envoy_releases import SUPPORTED, is_supported
from gatewayd.untrusted.printable import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSelection:
    """Which rows are wanted: with one of `names` in KIND/NAMESPACE/NAME, of one namespace, or only what is not well."""

    names: tuple[str, ...] = ()
    namespace: str = ""
    only_problems: bool = False


def selected(status: Status, selection: RowSelection) -> Status:
    """Return a status with the rows that are wanted."""
    board = status.board
    routes = board.troubled if selection.only_problems else board.routes
    kept: Board = whole_board(
        gateways=tuple(row for row in board.gateways if _is_wanted("Gateway", row.name, selection)),
        routes=tuple(row for row in routes if _is_wanted(row.kind, row.name, selection)),
        problems=board.problems,
        notices=board.notices,
    )
    return replace(status, board=kept)


def _is_wanted(kind: str, name: str, selection: RowSelection) -> bool:
    if selection.namespace and not name.startswith(f"{selection.namespace}/"):
        return False
    # As `why` takes it, the namespace default need not be written.
    forms = {f"{kind}/{name}".lower(), f"{kind}/{name.removeprefix(f'{DEFAULT_NAMESPACE}/')}".lower()}
    return not selection.names or any(each.lower() in form for each in selection.names for form in forms)


def status_lines(status: Status, nodes: Sequence[NodeRow], *, wide: bool) -> Iterator[str]:
    """Yield the lines of a status; `wide` ones have messages and addresses, and proxies of nodes type by type."""
    board = status.board
    yield printable(f"gatewayd {status.version} serves {status.folder}")
    yield head(board)
    yield from map(str, board.problems)
    yield from (printable(notice) for notice in board.notices)
    proxies = [row for row in status.proxies if wide or not is_of_mesh(row)]
    routes = route_lines(board.routes_by_trouble(), whole=wide)
    for table in (gateway_lines(board.gateways), routes, _nodes(nodes), _proxies(proxies)):
        if table:
            yield ""
            yield from table


def _nodes(rows: Sequence[NodeRow]) -> list[str]:
    heads = ("NODE", "PROXY", "ENVOY", "STATE")
    return columns(heads, map(_node_cells, rows)) if rows else []


def _node_cells(row: NodeRow) -> tuple[str, ...]:
    match row:
        case AwayNode():
            return row.node, row.proxy, "", "not connected"
        case ConnectedNode():
            said = "; ".join(f"{each.type} {state(each)}" for each in row.behind) or "ACKed"
            return row.node, row.proxy, release(row.envoy_version), said
        case _:
            assert_never(row)


def _proxies(proxies: Iterable[ProxyRow]) -> list[str]:
    heads = ("PROXY", "GATEWAY", "ENVOY", "TYPE", "RESOURCES", "STATE")
    cells = [
        (proxy.node, proxy.gateway, release(proxy.envoy_version), row.type, str(row.resources), state(row))
        for proxy in proxies
        for row in proxy.types
    ]
    return columns(heads, cells) if cells else []


def release(version: str) -> str:
    """Say which Envoy it is, and whether it is one of those that read all that is sent."""
    return version if is_supported(version) else f"{version}, outside of {SUPPORTED}"


def state(row: TypeRow) -> str:
    """Say how far a proxy is with a type."""
    if row.rejections:
        return "refused: " + "; ".join(f"{', '.join(each.names)}: {each.message}" for each in row.rejections)
    if row.pending:
        return f"{len(row.pending)} not ACKed yet: {', '.join(row.pending[:5])}"
    return "ACKed"
