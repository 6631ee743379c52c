"""`gatewayd why`: the chain from an object to the proxies, and where it breaks."""

from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer

from gatewayd.cli.asked_run import AskedFor, answer_of_any, asked_run, asking
from gatewayd.cli.completed_names import object_names
from gatewayd.cli.output import EnvoyGatewayKindsOption, Form, FormOption, end, standard_output, write, write_json
from gatewayd.run.exit_codes import INVALID, OK
from gatewayd.untrusted.printable import printable

if TYPE_CHECKING:
    from gatewayd.cli.offline import Reading
    from gatewayd.explain.steps import Step
    from gatewayd.introspection.messages import RunChain

app = typer.Typer(add_completion=False)


@app.command()
@asking
def why(
    name: Annotated[
        str,
        typer.Argument(
            metavar="KIND/NAME",
            help="KIND/NAME or KIND/NAMESPACE/NAME, such as httproute/shop/cart.",
            autocompletion=object_names,
        ),
    ],
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of manifests; without it a running gatewayd is asked.")
    ] = None,
    *,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="That of KIND/NAME. Default: default; in a cluster the context's.")
    ] = "",
    asked_for: AskedFor,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    output: FormOption = Form.TEXT,
) -> None:
    """Show why a route, a Gateway or a policy works or does not, down to backends and proxies.

    Exit codes: 0, 1 when it is broken somewhere, 3 when nobody answers.
    """
    from gatewayd.cli.offline import Reading
    from gatewayd.explain.steps import Mark

    if folder is not None:
        reading = Reading(envoy_gateway_kinds=envoy_gateway_kinds)
        chain = _offline(_named(name, namespace or "default"), folder, reading)
    else:
        chain = _running(name, namespace, asked_for)
    if output is Form.JSON:
        write_json({"where": chain.where, "steps": [_shape(step) for step in chain.steps]})
    else:
        if folder is None:
            write(f"in the run of {chain.where}")
        _draw(chain.steps)
    raise typer.Exit(INVALID if any(step.mark is Mark.BAD for step in chain.steps) else OK)


def _shape(step: "Step") -> dict[str, object]:
    shape = {"depth": step.depth, "mark": step.mark.value, "subject": step.subject, "says": step.says}
    return {**shape, "place": step.place}


def _named(name: str, namespace: str) -> tuple[str, str, str]:
    parts = name.split("/")
    if len(parts) == 2:
        return parts[0], namespace, parts[1]
    if len(parts) != 3:
        raise end(f"{name!r} names no object; KIND/NAME or KIND/NAMESPACE/NAME is allowed", INVALID)
    return parts[0], parts[1], parts[2]


def _offline(named: tuple[str, str, str], folder: Path, reading: "Reading") -> "RunChain":
    from gatewayd.api.meta import ObjectKey
    from gatewayd.cli.offline import translation
    from gatewayd.explain.steps import Knowledge, UnknownKindError
    from gatewayd.explain.why import why as chain
    from gatewayd.introspection.messages import RunChain

    kind, namespace, name = named
    translated = translation([folder], reading)
    known = Knowledge(
        engine=translated.engine, report=lambda _fleet: None, place_of=translated.manifests.folder.place_of
    )
    try:
        return RunChain(steps=chain(known, kind, ObjectKey(namespace, name)), where=str(folder))
    except UnknownKindError as error:
        raise end(str(error), INVALID) from error


def _running(name: str, namespace: str, asked_for: AskedFor) -> "RunChain":
    from gatewayd.explain.steps import UnknownKindError
    from gatewayd.introspection.client import fetch_why

    nobody = "no gatewayd of this user is running; name a folder, a run with --socket, or a cluster with --cluster"
    with asked_run(asked_for, nobody) as asked:
        named = _named(name, namespace or asked.namespace or "default")
        try:
            # Each replica knows what the proxies of all have.
            return answer_of_any(asked, lambda path: fetch_why(path, *named))
        except UnknownKindError as error:
            raise end(str(error), INVALID) from error


def _draw(steps: "tuple[Step, ...]") -> None:
    from rich.console import Console
    from rich.text import Text

    from gatewayd.explain.steps import Mark

    marks = {Mark.GOOD: ("ok ", "green"), Mark.BAD: ("NO ", "red"), Mark.INFO: ("   ", "dim")}
    console = Console(file=cast("IO[str]", standard_output()), highlight=False)
    for step in steps:
        mark, style = marks[step.mark]
        line = Text("  " * step.depth)
        line.append(mark, style=style)
        line.append(printable(step.subject), style="bold" if step.depth == 0 else "")
        line.append(printable(f": {step.says}"))
        if step.place:
            line.append(printable(f"  ({step.place})"), style="dim")
        console.print(line, soft_wrap=True)
