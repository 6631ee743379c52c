"""`gatewayd why`: the chain from a route to the proxies, and where it breaks."""

from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer

from gatewayd.cli.output import Form, FormOption, end, standard_output, write_json
from gatewayd.cli.run_socket import run_socket
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK
from gatewayd.untrusted.printable import printable

if TYPE_CHECKING:
    from gatewayd.explain.route_chain import Step

app = typer.Typer(add_completion=False)


@app.command()
def why(
    route: Annotated[str, typer.Argument(help="KIND/NAME or KIND/NAMESPACE/NAME, such as httproute/shop/cart.")],
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of manifests; without it a running gatewayd is asked.")
    ] = None,
    *,
    socket: Annotated[Path | None, typer.Option("--socket", help="The run to ask. Default: the youngest one.")] = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Show why a route works or does not: parents, listeners, hosts, rules, backends, proxies.

    Exit codes: 0, 1 when the route is broken somewhere, 3 when nobody answers.
    """
    from gatewayd.explain.route_chain import Mark

    steps = _offline(route, folder) if folder is not None else _running(route, socket)
    if output is Form.JSON:
        shapes = [
            {"depth": each.depth, "mark": each.mark.value, "subject": each.subject, "says": each.says} for each in steps
        ]
        write_json({"steps": shapes})
    else:
        _draw(steps)
    raise typer.Exit(INVALID if any(step.mark is Mark.BAD for step in steps) else OK)


def _named(route: str) -> tuple[str, str, str]:
    parts = route.split("/")
    if len(parts) == 2:
        return parts[0], "default", parts[1]
    if len(parts) != 3:
        raise end(f"{route!r} names no route; KIND/NAME or KIND/NAMESPACE/NAME is allowed", INVALID)
    return parts[0], parts[1], parts[2]


def _offline(route: str, folder: Path) -> "tuple[Step, ...]":
    from gatewayd.api.meta import ObjectKey
    from gatewayd.cli.offline import translation
    from gatewayd.explain.route_chain import UnknownKindError
    from gatewayd.explain.route_chain import why as chain

    kind, namespace, name = _named(route)
    engine = translation([folder]).engine
    try:
        return chain(engine, lambda _fleet: None, kind, ObjectKey(namespace, name))
    except UnknownKindError as error:
        raise end(str(error), INVALID) from error


def _running(route: str, socket: Path | None) -> "tuple[Step, ...]":
    from gatewayd.explain.route_chain import UnknownKindError
    from gatewayd.introspection.client import NobodyError, fetch_why

    path = run_socket(socket, "no gatewayd of this user is running; name a folder, or a run with --socket")
    try:
        return fetch_why(path, *_named(route))
    except UnknownKindError as error:
        raise end(str(error), INVALID) from error
    except NobodyError as error:
        raise end(str(error), CANNOT_START) from error


def _draw(steps: "tuple[Step, ...]") -> None:
    from rich.console import Console
    from rich.text import Text

    from gatewayd.explain.route_chain import Mark

    marks = {Mark.GOOD: ("ok ", "green"), Mark.BAD: ("NO ", "red"), Mark.INFO: ("   ", "dim")}
    console = Console(file=cast("IO[str]", standard_output()), highlight=False)
    for step in steps:
        mark, style = marks[step.mark]
        line = Text("  " * step.depth)
        line.append(mark, style=style)
        line.append(printable(step.subject), style="bold" if step.depth == 0 else "")
        line.append(printable(f": {step.says}"))
        console.print(line, soft_wrap=True)
