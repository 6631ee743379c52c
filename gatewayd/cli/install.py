"""`gatewayd install`: the manifest of gatewayd itself, for kubectl."""

import json
import re
from typing import Annotated

import typer

from gatewayd.cli.output import EnvoyGatewayKindsOption, write_lines
from gatewayd.cli.tenancy import (
    ControllerNameOption,
    GatewayClassesOption,
    GatewayNamespacesOption,
    check_tenancy,
    class_names,
)
from gatewayd.infra import layout
from gatewayd.infra.crds import own_crds
from gatewayd.infra.drain import DRAIN_SECONDS
from gatewayd.infra.installation import REPLICAS, Installation, installation
from gatewayd.infra.layout import NAMESPACE
from gatewayd.infra.manifest import manifest
from gatewayd.infra.member_account import member_account
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.mesh import NODE_PROBES_PORT
from gatewayd.members.book import READ
from gatewayd.own_group import CONTROLLER
from gatewayd.settings import LOG_LEVELS
from gatewayd.telemetry.version import installed_version
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap

app = typer.Typer(add_completion=False)

HEADER = """\
# gatewayd, as `gatewayd install --print` prints it. Apply it with:
#   kubectl apply --server-side -f -
# The CRDs of the Gateway API must be there: https://gateway-api.sigs.k8s.io/guides/#installing-gateway-api
"""
MEMBER_HEADER = """\
# For a cluster that offers Services to a gatewayd elsewhere, as `gatewayd install --print --member` prints it.
# The CRD of ServiceExport must be there: https://github.com/kubernetes-sigs/mcs-api/tree/master/config/crd
"""


def default_image() -> str:
    """Return the image that `docker build -f deploy/Dockerfile` makes of this version."""
    return f"gatewayd:{installed_version()}"


def printed(chosen: Installation) -> str:
    """Return what the command prints."""
    return HEADER + manifest((*installation(chosen), *own_crds()))


def node_bootstrap() -> str:
    """Return what the Envoy of each node starts with."""
    document = bootstrap(
        node="",
        fleet=MESH_FLEET,
        control_plane=UnixSocket(path=layout.NODE_SOCKET),
        admin=AdminSocket(path=layout.ADMIN_SOCKET),
        probes_port=NODE_PROBES_PORT,
        drain=DRAIN_SECONDS,
    )
    return json.dumps(document, indent=1, sort_keys=True)


def printed_member(namespace: str, offered: str) -> str:
    """Return what the command prints for a member whose Services are offered in some namespaces."""
    namespaces = tuple(dict.fromkeys(_namespace(each.strip()) for each in offered.split(",")))
    return MEMBER_HEADER + manifest(member_account(namespace, namespaces, READ))


def _namespace(text: str) -> str:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names."""
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
        return text
    raise typer.BadParameter(f"{text!r} is no name of a namespace; lower-case letters, digits and '-' are allowed")


def _image(text: str) -> str:
    """https://github.com/distribution/reference: name, then a tag, a digest, or both."""
    if re.fullmatch(r"[\w.-]+(:\d+)?(/[a-z0-9._-]+)*(:[\w][\w.-]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?", text):
        return text
    raise typer.BadParameter(f"{text!r} is no image; allowed: [REGISTRY/]NAME[:TAG][@DIGEST]")


def _log_level(text: str) -> str:
    if text in LOG_LEVELS:
        return text
    raise typer.BadParameter(f"{text!r} is not known; allowed: {', '.join(LOG_LEVELS)}")


def _print(value: bool) -> bool:  # noqa: FBT001 - a callback of typer
    if value:
        return value
    raise typer.BadParameter("nothing is changed by this command; pass --print, and pipe it to kubectl apply")


_PrintOption = Annotated[
    bool, typer.Option("--print", callback=_print, help="Print the manifest; nothing else is known.")
]
_RouteDiscoveryOption = Annotated[
    RouteDiscovery | None, typer.Option(help="How proxies get routes. Default: by the number of hosts.")
]
_MonitoringOption = Annotated[
    bool, typer.Option("--monitoring", help="With monitors and alerts for the Prometheus operator.")
]
_ImageOption = Annotated[
    str, typer.Option(default_factory=default_image, callback=_image, help="Image of the control plane.")
]
_NodesOption = Annotated[
    bool, typer.Option("--mesh", help="With a proxy on each node, for routes whose parent is a Service.")
]
_FailClosedOption = Annotated[
    bool,
    typer.Option("--fail-closed", help="With --mesh: where a node's proxy is away, its pods reach no such Service."),
]
_KeepSourceOption = Annotated[
    bool,
    typer.Option("--keep-source", help="With --mesh: backends see the addresses of pods; the proxies get CAP_NET_RAW."),
]
_MemberOption = Annotated[
    str,
    typer.Option(
        metavar="NAMESPACES",
        help="Print what a member cluster needs instead: an account that may read what these namespaces export.",
    ),
]


@app.command()
def install(  # noqa: PLR0913 (each is an option)
    *,
    print_: _PrintOption = False,  # noqa: ARG001 - without it nothing is asked for
    image: _ImageOption,
    namespace: Annotated[str, typer.Option(callback=_namespace, help="Namespace of the control plane.")] = NAMESPACE,
    replicas: Annotated[int, typer.Option(min=1, max=100, help="Pods of the control plane.")] = REPLICAS,
    log_level: Annotated[str, typer.Option(callback=_log_level, help="Least level that is logged.")] = "info",
    route_discovery: _RouteDiscoveryOption = None,
    monitoring: _MonitoringOption = False,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    controller_name: ControllerNameOption = CONTROLLER,
    gateway_classes: GatewayClassesOption = "",
    gateway_namespaces: GatewayNamespacesOption = "",
    mesh: _NodesOption = False,
    fail_closed: _FailClosedOption = False,
    keep_source: _KeepSourceOption = False,
    member: _MemberOption = "",
) -> None:
    """Print the manifest that installs gatewayd into a cluster.

    gatewayd install --print | kubectl apply --server-side -f -
    """
    check_tenancy(controller_name, namespace, mesh=mesh)
    chosen = Installation(
        namespace=namespace,
        image=image,
        replicas=replicas,
        log_level=log_level,
        route_discovery=route_discovery,
        is_monitored=monitoring,
        envoy_gateway_kinds=envoy_gateway_kinds,
        controller=controller_name,
        gateway_classes=class_names(gateway_classes),
        gateway_namespaces=gateway_namespaces,
        node_bootstrap=node_bootstrap() if mesh else None,
        fails_closed=fail_closed,
        keeps_source=keep_source,
    )
    write_lines(printed_member(namespace, member) if member else printed(chosen))
