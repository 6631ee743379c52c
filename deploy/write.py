"""Writes what is checked in below deploy/ and made from gatewayd's own tables: `python deploy/write.py`.

`gatewayd.yaml` is what `gatewayd install --print` prints. `crds.yaml` holds the kinds of our own group alone. The Helm
chart has these too, and as templates the same objects, less the Namespace (`helm install --create-namespace` makes it),
with expressions where `TEMPLATED` says so. Every expression is `{{ toJson X }}`: JSON is YAML, so a value of any type
needs neither quotes nor an indentation.
"""  # noqa: INP001 - a program beside the files that it writes, no package

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from gatewayd.cli.install import default_image, printed
from gatewayd.infra.crds import own_crds
from gatewayd.infra.installation import REPLICAS, Installation, installation
from gatewayd.infra.layout import NAMESPACE
from gatewayd.infra.manifest import manifest
from gatewayd.ir.http import RouteDiscovery

HERE: Final = Path(__file__).parent
CHART: Final = HERE / "helm" / "gatewayd"
DEFAULTS: Final = Installation(
    namespace=NAMESPACE, image=default_image(), replicas=REPLICAS, log_level="info", route_discovery=None
)

JSON = dict[str, Any]


class Templated(NamedTuple):
    """The value at a path of the object of a kind is what Helm knows as `expression`.

    In a list, a step is an element's name.
    """

    kind: str
    path: tuple[str, ...]
    expression: str


_POD: Final = ("spec", "template", "spec")
_CONTAINER: Final = (*_POD, "containers", "gatewayd")
TEMPLATED: Final = (
    *(
        Templated(kind, ("metadata", "namespace"), ".Release.Namespace")
        for kind in (
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "Service",
            "NetworkPolicy",
            "Deployment",
            "PodDisruptionBudget",
        )
    ),
    Templated("ClusterRoleBinding", ("subjects", "gatewayd", "namespace"), ".Release.Namespace"),
    Templated("RoleBinding", ("subjects", "gatewayd", "namespace"), ".Release.Namespace"),
    Templated("Deployment", ("spec", "replicas"), ".Values.replicas"),
    Templated("Deployment", (*_CONTAINER, "image"), ".Values.image"),
    Templated("Deployment", (*_CONTAINER, "imagePullPolicy"), ".Values.imagePullPolicy"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_LOG_LEVEL", "value"), ".Values.logLevel"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_ROUTE_DISCOVERY", "value"), ".Values.routeDiscovery"),
    Templated("Deployment", (*_CONTAINER, "resources"), ".Values.resources"),
    Templated("Deployment", (*_POD, "imagePullSecrets"), ".Values.imagePullSecrets"),
    Templated("Deployment", (*_POD, "nodeSelector"), ".Values.nodeSelector"),
    Templated("Deployment", (*_POD, "tolerations"), ".Values.tolerations"),
    Templated("Deployment", (*_POD, "affinity"), ".Values.affinity"),
    Templated("GatewayClass", ("metadata", "name"), ".Values.gatewayClassName"),
)


def files() -> Mapping[Path, str]:
    """Return all files that are made, with their text."""
    chart = {CHART / "templates" / f"{each['kind'].lower()}.yaml": _template(each) for each in _chart_objects()}
    crds = manifest(own_crds())
    return {
        HERE / "gatewayd.yaml": printed(DEFAULTS),
        HERE / "crds.yaml": f"# Made by deploy/write.py.\n{crds}",
        # https://helm.sh/docs/chart_best_practices/custom_resource_definitions/
        CHART / "crds" / "crds.yaml": f"# Made by deploy/write.py.\n{crds}",
        **chart,
    }


def _chart_objects() -> Iterator[JSON]:
    # Whatever is chosen: only what is there can be an expression.
    for each in installation(replace(DEFAULTS, route_discovery=RouteDiscovery.PER_HOST)):
        if each["kind"] != "Namespace":
            yield each


def _template(found: JSON) -> str:
    """Return an object as a template; markers stand for the expressions while it becomes YAML."""
    marked = deepcopy(found)
    expressions: dict[str, str] = {}
    for row in TEMPLATED:
        if row.kind == found["kind"]:
            marker = f"expression-{len(expressions)}-"
            expressions[marker] = f"{{{{ toJson {row.expression} }}}}"
            _put(marked, row.path, marker)
    text = "# Made by deploy/write.py.\n" + manifest((marked,)).removeprefix("---\n")
    for marker, expression in expressions.items():
        text = text.replace(marker, expression)
    return text


def _put(found: Any, path: tuple[str, ...], value: str) -> None:
    for step in path[:-1]:
        found = next(each for each in found if each["name"] == step) if isinstance(found, list) else found[step]
    found[path[-1]] = value


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
