"""`gatewayd serve`: one replica of the control plane, in a cluster. Reads arguments; `gatewayd.run.replica` serves."""

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from gatewayd.cli.output import EnvoyGatewayKindsOption, MeshOption
from gatewayd.cli.tenancy import ControllerNameOption, GatewayClassesOption, GatewayNamespacesOption, class_names
from gatewayd.infra import layout
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER
from gatewayd.run.serve_options import ServeOptions, encoded
from gatewayd.settings import pods_listen_at

app = typer.Typer(add_completion=False)


_KubeconfigOption = Annotated[
    Path | None, typer.Option(help="Kubeconfig file; without it, the service account of this pod.")
]
_NamespaceOption = Annotated[
    str, typer.Option(envvar="POD_NAMESPACE", help="Our own namespace: the CA and the lease are there.")
]
_RouteDiscoveryOption = Annotated[
    RouteDiscovery | None,
    typer.Option(
        envvar="GATEWAYD_ROUTE_DISCOVERY",
        help="How proxies get routes: as one table a listener, or one a host. Default: by the number of hosts.",
    ),
]
_RegionOption = Annotated[
    str, typer.Option(envvar="GATEWAYD_REGION", help="Where this cluster is, as members say where they are.")
]
_KeepSourceOption = Annotated[
    bool,
    typer.Option(
        "--keep-source",
        envvar="GATEWAYD_KEEP_SOURCE",
        help="Proxies of nodes reach backends with the addresses of pods (docs/mesh.md).",
    ),
]
_LogLevelOption = Annotated[str, typer.Option(envvar="GATEWAYD_LOG_LEVEL", help="debug, info, warning or error.")]


@app.command()
def control_plane(  # noqa: PLR0913 - one argument an option is how typer works
    *,
    kubeconfig: _KubeconfigOption = None,
    namespace: _NamespaceOption = layout.NAMESPACE,
    identity: Annotated[str, typer.Option(envvar="POD_NAME", help="Our name in the lease.")] = "",
    uid: Annotated[str, typer.Option(envvar="POD_UID", help="Our pod's uid: what we write goes with it.")] = "",
    xds_host: Annotated[str, typer.Option(help="Name that proxies find us under.")] = "",
    xds_port: Annotated[int, typer.Option(help="Port of the ADS server.")] = layout.XDS_PORT,
    route_discovery: _RouteDiscoveryOption = None,
    log_level: _LogLevelOption = "info",
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    mesh: MeshOption = False,
    keep_source: _KeepSourceOption = False,
    controller_name: ControllerNameOption = CONTROLLER,
    gateway_classes: GatewayClassesOption = "",
    gateway_namespaces: GatewayNamespacesOption = "",
    region: _RegionOption = "",
) -> None:
    """Serve a cluster's Gateways: watch the API server, feed the proxies, write statuses."""
    options = ServeOptions(
        kubeconfig=kubeconfig,
        namespace=namespace,
        identity=identity or socket.gethostname(),
        uid=uid,
        xds_host=xds_host or layout.absolute_name(namespace),
        xds_port=xds_port,
        route_discovery=route_discovery,
        log_level=log_level,
        envoy_gateway_kinds=envoy_gateway_kinds,
        mesh=mesh,
        keeps_source=keep_source,
        controller_name=controller_name,
        gateway_classes=class_names(gateway_classes),
        gateway_namespaces=gateway_namespaces,
        region=region,
        proxies_listen_at=pods_listen_at(),
    )
    # The process stays the same one, to Kubernetes and for signals, and what has read the arguments is gone.
    os.execv(sys.executable, (sys.executable, "-P", "-m", "gatewayd.run.replica", encoded(options)))  # noqa: S606
