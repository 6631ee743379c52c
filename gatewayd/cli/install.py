"""`gatewayd install`: the manifest of gatewayd itself, for kubectl."""

import re
from typing import Annotated

import typer

from gatewayd.cli.output import EnvoyGatewayKindsOption, write_lines
from gatewayd.cli.tenancy import (
    ControllerNameOption,
    GatewayClassesOption,
    GatewayNamespacesOption,
    check_namespace,
    class_names,
)
from gatewayd.infra.crds import own_crds
from gatewayd.infra.installation import REPLICAS, Installation, installation
from gatewayd.infra.layout import NAMESPACE
from gatewayd.infra.manifest import manifest
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER
from gatewayd.settings import LOG_LEVELS
from gatewayd.telemetry.version import installed_version

app = typer.Typer(add_completion=False)

HEADER = """\
# gatewayd, as `gatewayd install --print` prints it. Apply it with:
#   kubectl apply --server-side -f -
# The CRDs of the Gateway API must be there: https://gateway-api.sigs.k8s.io/guides/#installing-gateway-api
"""


def default_image() -> str:
    """Return the image that `docker build -f deploy/Dockerfile` makes of this version."""
    return f"gatewayd:{installed_version()}"


def printed(chosen: Installation) -> str:
    """Return what the command prints."""
    return HEADER + manifest((*installation(chosen), *own_crds()))


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


_MonitoringOption = Annotated[
    bool, typer.Option("--monitoring", help="With monitors and alerts for the Prometheus operator.")
]


@app.command()
def install(  # noqa: PLR0913 (each is an option)
    *,
    print_: Annotated[bool, typer.Option("--print", help="Print the manifest; nothing else is known.")] = False,
    image: Annotated[
        str, typer.Option(default_factory=default_image, callback=_image, help="Image of the control plane.")
    ],
    namespace: Annotated[str, typer.Option(callback=_namespace, help="Namespace of the control plane.")] = NAMESPACE,
    replicas: Annotated[int, typer.Option(min=1, max=100, help="Pods of the control plane.")] = REPLICAS,
    log_level: Annotated[str, typer.Option(callback=_log_level, help="Least level that is logged.")] = "info",
    route_discovery: Annotated[
        RouteDiscovery | None, typer.Option(help="How proxies get routes. Default: by the number of hosts.")
    ] = None,
    monitoring: _MonitoringOption = False,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    controller_name: ControllerNameOption = CONTROLLER,
    gateway_classes: GatewayClassesOption = "",
    gateway_namespaces: GatewayNamespacesOption = "",
) -> None:
    """Print the manifest that installs gatewayd into a cluster.

    gatewayd install --print | kubectl apply --server-side -f -
    """
    if not print_:
        raise typer.BadParameter("nothing is changed by this command; pass --print, and pipe it to kubectl apply")
    check_namespace(controller_name, namespace)
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
    )
    write_lines(printed(chosen))
