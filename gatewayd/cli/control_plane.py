"""`gatewayd serve`: one replica of the control plane, in a cluster."""

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from gatewayd import logs
from gatewayd.cli.output import CANNOT_START, end
from gatewayd.incluster import ServeOptions, serve
from gatewayd.infra import layout
from gatewayd.ir.http import RouteDiscovery
from gatewayd.memory import tune_allocator, tune_collector

app = typer.Typer(add_completion=False)


@app.command()
def control_plane(  # noqa: PLR0913 - one argument an option is how typer works
    *,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Kubeconfig file; without it, the service account of this pod.")
    ] = None,
    namespace: Annotated[
        str, typer.Option(envvar="POD_NAMESPACE", help="Our own namespace: the CA and the lease are there.")
    ] = layout.NAMESPACE,
    identity: Annotated[str, typer.Option(envvar="POD_NAME", help="Our name in the lease.")] = "",
    uid: Annotated[str, typer.Option(envvar="POD_UID", help="Our pod's uid: what we write goes with it.")] = "",
    xds_host: Annotated[str, typer.Option(help="Name that proxies find us under.")] = "",
    xds_port: Annotated[int, typer.Option(help="Port of the ADS server.")] = layout.XDS_PORT,
    route_discovery: Annotated[
        RouteDiscovery | None,
        typer.Option(
            envvar="GATEWAYD_ROUTE_DISCOVERY",
            help="How proxies get routes: as one table a listener, or one a host. Default: by the number of hosts.",
        ),
    ] = None,
    log_level: Annotated[
        str, typer.Option(envvar="GATEWAYD_LOG_LEVEL", help="debug, info, warning or error.")
    ] = "info",
) -> None:
    """Serve a cluster's Gateways: watch the API server, feed the proxies, write statuses."""
    tune_collector()
    tune_allocator()
    logs.configure(log_level, logs.destination_for(sys.stderr, None))
    options = ServeOptions(
        kubeconfig=kubeconfig,
        namespace=namespace,
        identity=identity or socket.gethostname(),
        uid=uid,
        # With a trailing dot: an absolute name, so that no search domain is tried before it.
        xds_host=xds_host or f"{layout.CONTROL_PLANE}.{namespace}.svc.cluster.local.",
        xds_port=xds_port,
        route_discovery=route_discovery,
    )
    _run(options)


def _run(options: ServeOptions) -> None:
    try:
        asyncio.run(_until_terminated(options))
    except Exception as error:
        raise end(f"cannot serve: {type(error).__name__}: {error}", CANNOT_START) from error


async def _until_terminated(options: ServeOptions) -> None:
    task = asyncio.create_task(serve(options), name="serve")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
