"""`gatewayd status`: what a running gatewayd of this user serves, and what its proxies have."""

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gatewayd.cli.asked_nodes import node_pods
from gatewayd.cli.asked_run import AskedFor, AskedRun, asked_run, asking, status_of_all
from gatewayd.cli.completed_names import object_names
from gatewayd.cli.output import standard_output, write, write_json
from gatewayd.run.exit_codes import INVALID, OK, REJECTED

if TYPE_CHECKING:
    from gatewayd.cli.view.status_lines import RowSelection
    from gatewayd.introspection.node_rows import NodeRow
    from gatewayd.introspection.status import Status

app = typer.Typer(add_completion=False)

_LOOK: Final = 1.0
"""Seconds between two looks of --watch."""


class StatusForm(StrEnum):
    """What to write: lines that fit the terminal, whole lines, or JSON."""

    TEXT = "text"
    WIDE = "wide"
    JSON = "json"


@app.command()
@asking
def status(  # noqa: PLR0913 (each is an option)
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only objects with this in KIND/NAMESPACE/NAME, such as httproute/shop.", autocompletion=object_names
        ),
    ] = None,
    *,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Only objects of this namespace. In a cluster: the context's.")
    ] = "",
    everywhere: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Objects of all namespaces.")] = False,
    problems: Annotated[bool, typer.Option("--problems", help="Only routes that are not well.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on with what changes, until Ctrl-C.")] = False,
    asked_for: AskedFor,
    output: Annotated[StatusForm, typer.Option("-o", "--output", help="text, wide or json.")] = StatusForm.TEXT,
) -> None:
    """Show Gateways, routes, proxies and problems of a running `gatewayd up`, or of a cluster.

    Exit codes: 0, 1 when files or objects have problems, 2 when a proxy refuses something, 3 when nobody answers.
    """
    from gatewayd.cli.view.status_lines import RowSelection, selected
    from gatewayd.introspection.node_rows import node_rows

    with asked_run(asked_for) as asked:
        chosen = "" if everywhere else namespace or asked.namespace
        selection = RowSelection(names=tuple(names or ()), namespace=chosen, only_problems=problems)
        answer = selected(status_of_all(asked), selection)
        _show(answer, node_rows(answer.proxies, node_pods(asked_for)), output)
        if watch:
            _follow(asked, selection, answer)
    refused = any(row.rejections for proxy in answer.proxies for row in proxy.types)
    raise typer.Exit(REJECTED if refused else INVALID if answer.board.problems else OK)


def _show(answer: "Status", nodes: "tuple[NodeRow, ...]", output: StatusForm) -> None:
    from rich.console import Console

    from gatewayd.cli.view.columns import cut
    from gatewayd.cli.view.json_shapes import status_json
    from gatewayd.cli.view.status_lines import status_lines

    if output is StatusForm.JSON:
        write_json(status_json(answer, nodes))
        return
    # What reads a pipe, such as grep, has no width.
    fits = output is StatusForm.TEXT and standard_output().isatty()
    width = Console().width if fits else 0
    for line in status_lines(answer, nodes, wide=output is StatusForm.WIDE):
        write(cut(line, width) if width else line)


def _follow(asked: AskedRun, selection: "RowSelection", before: "Status") -> None:
    """Write what changes, until the run or the reader has gone."""
    from gatewayd.cli.view.board_table import changed_lines
    from gatewayd.cli.view.status_lines import selected

    while not standard_output().is_closed:
        time.sleep(_LOOK)
        after = selected(status_of_all(asked), selection)
        for line in changed_lines(before.board, after.board):
            write(f"{time.strftime('%H:%M:%S')} {line}")
        before = after
