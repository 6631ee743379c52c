"""`gatewayd up DIR`: serve a folder of Gateway API YAML with Envoy, and follow every change of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewayd.cli.output import AddressOption, EnvoyGatewayKindsOption, EnvoyOption, Form, FormOption, end, write
from gatewayd.run.exit_codes import CANNOT_START, INVALID

if TYPE_CHECKING:
    from gatewayd.run.foreground import Serving
    from gatewayd.run.standalone import Options

app = typer.Typer(add_completion=False)

_FIRST_PORT = 8080
"""The port that --to writes, unless somebody else has it."""


@app.command()
def up(  # noqa: PLR0913 (each is an option)
    folder: Annotated[Path, typer.Argument(help="Folder of YAML or JSON manifests, read recursively.")] = Path(
        "gateway"
    ),
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="URL", help="First write manifests that send everything there.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Port of the Gateway that --to writes. Default: a free one."),
    ] = None,
    address: AddressOption = "127.0.0.1",
    envoy_path: EnvoyOption = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, help="Worker threads of each Envoy.")] = 1,
    drain: Annotated[float, typer.Option("--drain", min=0, help="Seconds for requests under way at the end.")] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="End when everything is in Envoy, or was refused.")] = False,
    deadline: Annotated[float, typer.Option("--deadline", min=0, help="Seconds that --once waits.")] = 30.0,
    ui: Annotated[
        bool, typer.Option("--ui", help="Show it in the browser, too, at an address that is printed.")
    ] = False,
    ui_port: Annotated[int, typer.Option("--ui-port", min=0, max=65535, help="Of --ui. Default: a free one.")] = 0,
    zone: Annotated[str, typer.Option("--zone", help="Zone that the Envoys are in. Default: none.")] = "",
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    output: FormOption = Form.TEXT,
) -> None:
    """Serve a folder of Gateway API YAML with Envoy; changes of files are in Envoy a moment later.

    `gatewayd up --to http://127.0.0.1:3000` writes the manifests for one backend first.
    """
    from gatewayd.cli.running import only_run, options

    chosen = options(folder, address=address, envoy=envoy_path, concurrency=concurrency, drain=drain, zone=zone)
    _prepare(chosen, to, port)
    chosen = replace(chosen, envoy_gateway_kinds=envoy_gateway_kinds)
    with only_run(folder):
        raise typer.Exit(
            asyncio.run(_run(chosen, output, deadline if once else None, ui_port if ui or ui_port else None))
        )


def _prepare(chosen: "Options", to: str | None, port: int | None) -> None:
    """Write what is asked for; end the program where there is no folder to serve."""
    if to is not None:
        _write(chosen, to, port)
    if not chosen.folder.is_dir():
        way_out = "name one, or let `gatewayd up --to URL` or `gatewayd demo` write one"
        raise end(f"{chosen.folder}: there is no such folder; {way_out}", INVALID)


async def _run(chosen: "Options", output: Form, deadline: float | None, page_port: int | None) -> int:
    """Serve; with a deadline only until everything is in Envoy. `page_port` None: without a page."""
    from gatewayd.cli.running import code_of, serve
    from gatewayd.run.foreground import Serving, settled

    serving = Serving(chosen)

    async def in_envoy() -> None:
        await serving.until(settled)

    job = serving.forever if deadline is None else in_envoy
    async with AsyncExitStack() as stack:
        if page_port is not None:
            await stack.enter_async_context(_page(serving, page_port))
        return code_of(await serve(serving, output, job, deadline), serving)


@asynccontextmanager
async def _page(serving: "Serving", port: int) -> AsyncIterator[None]:
    """Serve the page beside a run, and say where; ends the program when the port cannot be had."""
    from gatewayd.page.server import page_served
    from gatewayd.run.page_source import RunPage

    try:
        async with page_served(RunPage(serving.served, serving.onlooker), port) as address:
            serving.onlooker.page_address = address
            yield
    except OSError as error:
        raise end(f"--ui-port {port}: {error.strerror}; 0 takes a free one", CANNOT_START) from error


def _write(chosen: "Options", to: str, port: int | None) -> None:
    """Write the manifests for one backend, unless the folder has some."""
    from gatewayd.demo.ports import free_port
    from gatewayd.scaffold.folder_writer import FilesInTheWayError, write_new
    from gatewayd.scaffold.single_backend import BadTargetError, manifests, target

    served = port or free_port(_FIRST_PORT, chosen.envoy)
    try:
        for path in write_new(chosen.folder, manifests(target(to), served)):
            write(f"wrote {path}")
    except FilesInTheWayError as error:
        raise end(f"{error}: gatewayd up FOLDER --to {to}", INVALID) from error
    except BadTargetError as error:
        raise end(str(error), INVALID) from error
    write(f"ask it: curl {chosen.address}:{served}/")
