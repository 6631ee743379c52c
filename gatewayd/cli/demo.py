"""`gatewayd demo`: an example with two backends of its own, to try, edit and watch."""

import asyncio
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewayd.cli.output import EnvoyOption, Form, FormOption, end, write
from gatewayd.run.exit_codes import INVALID, REJECTED

if TYPE_CHECKING:
    from gatewayd.run.foreground import Serving
    from gatewayd.run.standalone import Options

app = typer.Typer(add_completion=False)

_ADDRESS = "127.0.0.1"
_CHECK_DEADLINE = 60.0


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Where the example goes. Default: ./gateway, a temporary one with --check.")
    ] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Ask everything once through Envoy, and end.")] = False,
    envoy_path: EnvoyOption = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Write an example, start it, and say what to ask it."""
    from gatewayd.cli.running import only_run, options

    temporary = tempfile.TemporaryDirectory(prefix="gatewayd-demo-") if check and folder is None else nullcontext()
    with temporary as temporary_path:
        target = folder or Path(temporary_path or "gateway")
        chosen = options(target, address=_ADDRESS, envoy=envoy_path, drain=1.0)
        target.mkdir(parents=True, exist_ok=True)
        with only_run(target):
            raise typer.Exit(asyncio.run(_demo(chosen, output, check=check)))


async def _demo(chosen: "Options", output: Form, *, check: bool) -> int:
    from gatewayd.cli.running import code_of, serve
    from gatewayd.demo.backends import serve_backends
    from gatewayd.demo.files import BACKENDS
    from gatewayd.run.foreground import Serving
    from gatewayd.scaffold.folder_writer import FilesInTheWayError

    folder = chosen.folder
    async with serve_backends(BACKENDS) as ports:
        try:
            port = _prepare(folder, ports, chosen.envoy)
        except FilesInTheWayError as error:
            raise end(str(error), INVALID) from error
        serving = Serving(chosen)
        if check:
            return await _check(serving, port)
        hints = _curls(folder, port) if output is Form.TEXT else []
        ended = await serve(serving, output, serving.forever, None, hints)
        return code_of(ended, serving)


def _prepare(folder: Path, backends: dict[str, int], envoy: Path) -> int:
    """Write what is missing and return the port of the demo's Gateway."""
    from gatewayd.demo.files import FIRST_PORT, KEPT, demo_files
    from gatewayd.demo.ports import free_port, gateway_port
    from gatewayd.scaffold.folder_writer import write_beside

    for path in write_beside(folder, demo_files(free_port(FIRST_PORT, envoy), backends), kept=KEPT):
        write(f"wrote {path}")
    return gateway_port(folder) or FIRST_PORT


def _curls(folder: Path, port: int) -> list[str]:
    """Return what to ask the demo, to be seen as long as it runs."""
    from gatewayd.demo.curls import CURLS

    width = max(len(each.line(port)) for each in CURLS)
    head = f"Ask it, in another terminal; edit {folder}/*.yaml and watch. Ctrl-C ends it."
    return [head, *(f"  {each.line(port):<{width}}  # {each.says}" for each in CURLS)]


async def _check(serving: "Serving", port: int) -> int:
    from gatewayd.cli.running import code_of, serve
    from gatewayd.demo.curls import CURLS
    from gatewayd.demo.curls import check as check_curl
    from gatewayd.run.foreground import RunEnding, settled

    wrong: list[str] = []

    async def send_all() -> None:
        await serving.until(settled)
        for curl in CURLS:
            checked = await check_curl(curl, _ADDRESS, port)
            write(f"{'ok ' if not checked.wrong else 'BAD'} {curl.line(port)}  # {checked.said or checked.wrong}")
            wrong.extend([checked.wrong] if checked.wrong else [])

    ended = await serve(serving, Form.TEXT, send_all, _CHECK_DEADLINE)
    code = code_of(ended, serving)
    return REJECTED if ended.why is RunEnding.DONE and wrong else code
