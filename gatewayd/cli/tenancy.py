"""The options by which several installations share a cluster: `gatewayd install` writes what `gatewayd serve` reads."""

import re
from typing import Annotated, Final

import typer

from gatewayd.api.selectors import BadSelectorError, read_selector
from gatewayd.infra.layout import NAMESPACE
from gatewayd.own_group import CONTROLLER

LONGEST: Final = 50
"""Characters of a controllerName: it stands in a label's value, of 63, behind what says that it is gatewayd's."""
_CONTROLLER: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_CLASS: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def _controller(text: str) -> str:
    if len(text) <= LONGEST and _CONTROLLER.fullmatch(text):
        return text
    raise typer.BadParameter(f"{text!r} is no controllerName; allowed: example.com/name, of {LONGEST} characters")


def _classes(text: str) -> str:
    for each in class_names(text):
        if not _CLASS.fullmatch(each):
            raise typer.BadParameter(f"{each!r} is no name of a GatewayClass; allowed: names with commas between them")
    return text


def _selector(text: str) -> str:
    try:
        read_selector(text)
    except BadSelectorError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def class_names(text: str) -> tuple[str, ...]:
    """Return the classes that a text lists, each once; none where it is empty."""
    return tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))


def check_tenancy(controller: str, namespace: str, *, mesh: bool) -> None:
    """Raise BadParameter for what an installation of another controllerName cannot have: our namespace, and a mesh."""
    if controller == CONTROLLER:
        return
    if mesh:
        raise typer.BadParameter(f"a node's connections are led to one mesh: --mesh is for {CONTROLLER} alone")
    if namespace == NAMESPACE:
        raise typer.BadParameter(
            f"{namespace} is where {CONTROLLER} runs; an installation of another controllerName needs a namespace of "
            "its own: --namespace"
        )


ControllerNameOption = Annotated[
    str,
    typer.Option(
        "--controller-name",
        envvar="GATEWAYD_CONTROLLER_NAME",
        callback=_controller,
        help="The controllerName of the GatewayClasses that are served; each installation in a cluster has its own.",
    ),
]
GatewayClassesOption = Annotated[
    str,
    typer.Option(
        "--gateway-classes",
        envvar="GATEWAYD_GATEWAY_CLASSES",
        callback=_classes,
        help="The only GatewayClasses to serve of those, with commas between them. Default: all.",
    ),
]
GatewayNamespacesOption = Annotated[
    str,
    typer.Option(
        "--gateway-namespaces",
        envvar="GATEWAYD_GATEWAY_NAMESPACES",
        callback=_selector,
        help="Labels of the only namespaces to serve Gateways of, such as team=red,env!=dev. Default: all.",
    ),
]
