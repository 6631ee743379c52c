"""`gatewayd ui`: the page of a replica of a cluster, on the loopback of this machine."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event
from typing import Annotated

import typer

from gatewayd.cli.asked_run import AskedFor, asked_run, asking, in_a_thread, named_answer, user_client
from gatewayd.cli.output import end, write
from gatewayd.run.exit_codes import CANNOT_START, OK

app = typer.Typer(add_completion=False)


@app.command()
@asking
def ui(
    *,
    port: Annotated[int, typer.Option("--port", help="Of this machine. Default: any free one.")] = 0,
    asked_for: AskedFor,
) -> None:
    """Show the page of a cluster: what is served, what is broken, and which rule takes a request.

    It is read only, on the loopback of this machine and with a token, until Ctrl-C. Of a run the page is that of
    `gatewayd up --ui`.

    Exit codes: 0, 3 when nobody answers.
    """
    from gatewayd.introspection.client import open_page

    with asked_run(asked_for) as asked:
        replica, address = named_answer(asked, open_page)
    if not asked_for.is_cluster:
        raise end("the page of a run is that of `gatewayd up --ui`; --cluster shows a cluster's", CANNOT_START)
    with in_a_thread(_forwarded(asked_for, replica, port)) as local:
        # The path holds the token; where it leads to from here is another port.
        write(f"page: http://127.0.0.1:{local}/?{address.partition('/?')[2]}")
        _until_interrupted()
    raise typer.Exit(OK)


@asynccontextmanager
async def _forwarded(asked_for: AskedFor, replica: str, port: int) -> AsyncIterator[int]:
    """Give the port of this machine that leads to the page of a replica."""
    from gatewayd.infra.layout import PAGE_PORT
    from gatewayd.kube.client import Where
    from gatewayd.kube.port_forward import PodPort

    async with user_client(asked_for) as (client, _):
        pod = Where(api_version="v1", plural="pods", namespace=asked_for.installed, name=replica)
        async with PodPort(client, pod, PAGE_PORT).on_loopback(port) as local:
            yield local


def _until_interrupted() -> None:
    ended = Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
