"""`gatewayd status`: what a running gatewayd of this user serves, and what its proxies have."""

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer

from gatewayd.cli.output import Form, FormOption, end, standard_output, write_json
from gatewayd.run.exit_codes import CANNOT_START, OK, REJECTED
from gatewayd.untrusted.printable import printable

if TYPE_CHECKING:
    from gatewayd.introspection.status import Status

app = typer.Typer(add_completion=False)


@app.command()
def status(
    *,
    socket: Annotated[
        Path | None, typer.Option("--socket", help="The run to ask. Default: the youngest run of this user.")
    ] = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Show Gateways, routes, proxies and problems of a running `gatewayd up`.

    Exit codes: 0, 2 when a proxy refuses something, 3 when nobody answers.
    """
    from gatewayd.cli.environment import settings
    from gatewayd.cli.view.json_shapes import status_json
    from gatewayd.introspection.client import NobodyError, fetch, newest_socket

    path = socket or newest_socket(settings().runtime, os.geteuid())
    if path is None:
        raise end("no gatewayd of this user is running; `gatewayd up` starts one, --socket names one", CANNOT_START)
    try:
        answer = fetch(path)
    except NobodyError as error:
        raise end(str(error), CANNOT_START) from error
    if output is Form.JSON:
        write_json(status_json(answer))
    else:
        _draw(answer)
    refused = any(row.rejections for proxy in answer.proxies for row in proxy.types)
    raise typer.Exit(REJECTED if refused else OK)


def _draw(answer: "Status") -> None:
    from rich.console import Console
    from rich.text import Text

    from gatewayd.cli.view.board_table import draw
    from gatewayd.cli.view.proxy_table import proxies_table

    console = Console(file=cast("IO[str]", standard_output()))
    console.print(Text(printable(f"gatewayd {answer.version} serves {answer.folder}"), style="bold"))
    console.print(draw(answer.board, len(answer.board.routes) + len(answer.board.problems)))
    console.print(proxies_table(answer.proxies))
