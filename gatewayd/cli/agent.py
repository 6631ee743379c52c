"""`gatewayd agent`: what runs beside the Envoy of each node. Reads arguments; `gatewayd.run.agent` steers."""

import ipaddress
import os
import sys
from typing import Annotated

import typer

from gatewayd.infra import layout
from gatewayd.run.agent_options import AgentOptions, encoded

app = typer.Typer(add_completion=False)

_ALLOWED = "an address of IPv4, one of IPv6, or one of each with a comma between is allowed"


def _addresses(text: str) -> str:
    try:
        versions = [ipaddress.ip_address(each).version for each in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"{error}; {_ALLOWED}") from error
    if len(set(versions)) < len(versions):
        raise typer.BadParameter(f"{text!r} has several addresses of a family; {_ALLOWED}")
    return text


_FailClosedOption = Annotated[
    bool,
    typer.Option("--fail-closed", envvar="GATEWAYD_FAIL_CLOSED", help="Without an Envoy, Services have no pods."),
]
_KeepSourceOption = Annotated[
    bool,
    typer.Option("--keep-source", envvar="GATEWAYD_KEEP_SOURCE", help="The Envoy uses the addresses of pods."),
]


@app.command()
def agent(  # noqa: PLR0913 - one argument an option is how typer works
    *,
    node: Annotated[str, typer.Option(envvar="NODE_NAME", help="Name of the node.")],
    address: Annotated[
        str,
        typer.Option(envvar="NODE_ADDRESS", callback=_addresses, help="Addresses of the node, with a comma between."),
    ],
    namespace: Annotated[
        str, typer.Option(envvar="POD_NAMESPACE", help="Namespace of the control plane.")
    ] = layout.NAMESPACE,
    xds_host: Annotated[str, typer.Option(help="Name that the control plane is found under.")] = "",
    xds_port: Annotated[int, typer.Option(help="Port of the ADS server.")] = layout.XDS_PORT,
    socket: Annotated[str, typer.Option(help="Where the Envoy asks.")] = layout.NODE_SOCKET,
    certificates: Annotated[
        str, typer.Option(help="Folder with tls.crt, tls.key and ca.crt.")
    ] = layout.CERTIFICATES_FOLDER,
    fail_closed: _FailClosedOption = False,
    keep_source: _KeepSourceOption = False,
    log_level: Annotated[
        str, typer.Option(envvar="GATEWAYD_LOG_LEVEL", help="debug, info, warning or error.")
    ] = "info",
) -> None:
    """Lead what this node's pods send to Services with routes to its Envoy, while that is alive."""
    options = AgentOptions(
        node=node,
        addresses=tuple(address.split(",")),
        socket=socket,
        xds_host=xds_host or layout.absolute_name(namespace),
        xds_port=xds_port,
        server_name=layout.server_name(namespace),
        certificates=certificates,
        fails_closed=fail_closed,
        keeps_source=keep_source,
        log_level=log_level,
    )
    # The process stays the same one, to Kubernetes and for signals, and what has read the arguments is gone.
    os.execv(sys.executable, (sys.executable, "-P", "-m", "gatewayd.run.agent", encoded(options)))  # noqa: S606
