"""Writes what is checked in below deploy/ and made from gatewayd's own tables: `python deploy/write.py`.

`gatewayd.yaml` is what `gatewayd install --print` prints. `crds.yaml` holds the kinds of our own group alone. The Helm
chart has these too, and as templates the same objects, less the Namespace (`helm install --create-namespace` makes it),
with expressions where `TEMPLATED` says so. Every expression is `{{ toJson X }}`: JSON is YAML, so a value of any type
needs neither quotes nor an indentation. One of them is made of a value: `MARK`. What a value turns off stands whole
between `{{- if X }}` and `{{- end }}`.
"""  # noqa: INP001 - a program beside the files that it writes, no package

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.cli.install import default_image, node_bootstrap, printed
from gatewayd.infra.crds import own_crds
from gatewayd.infra.installation import REPLICAS, Installation, installation
from gatewayd.infra.layout import NAMESPACE, NODE, XDS_PORT
from gatewayd.infra.manifest import manifest
from gatewayd.infra.pod import USER
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER, MANAGER

HERE: Final = Path(__file__).parent
CHART: Final = HERE / "helm" / "gatewayd"
DEFAULTS: Final = Installation(
    namespace=NAMESPACE,
    image=default_image(),
    replicas=REPLICAS,
    log_level="info",
    route_discovery=None,
    is_monitored=False,
)

JSON = dict[str, Any]


class Templated(NamedTuple):
    """The value at a path of the object of a kind is what Helm knows as `expression`.

    In a list, a step is an element's name, or its port.
    """

    kind: str
    path: tuple[str, ...]
    expression: str


MONITORS: Final = ("ServiceMonitor", "PodMonitor", "PrometheusRule")
INTERVALS: Final[Mapping[str, tuple[str, ...]]] = {
    "ServiceMonitor": ("endpoints", "metrics", "interval"),
    "PodMonitor": ("podMetricsEndpoints", "probes", "interval"),
}
_POD: Final = ("spec", "template", "spec")
_CONTAINER: Final = (*_POD, "containers", "gatewayd")
_PROXIES: Final = ("spec", "ingress", str(XDS_PORT), "from", MANAGED_BY)
MARK: Final = (
    f'(ternary "{MANAGER}" (printf "{MANAGER}.%s" (replace "/" "_" .Values.controllerName)) '
    f'(eq .Values.controllerName "{CONTROLLER}"))'
)
"""`own_group.manager` in Helm's words."""
_AGENT: Final = (*_POD, "containers", "agent")
_ENVOY: Final = (*_POD, "containers", "envoy")
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
            *MONITORS,
        )
    ),
    *(Templated(kind, ("spec", *path), ".Values.monitoring.interval") for kind, path in INTERVALS.items()),
    Templated("ClusterRoleBinding", ("subjects", "gatewayd", "namespace"), ".Release.Namespace"),
    Templated("RoleBinding", ("subjects", "gatewayd", "namespace"), ".Release.Namespace"),
    # What is of no namespace has a name that no other release of the cluster has.
    Templated("ClusterRole", ("metadata", "name"), ".Release.Name"),
    Templated("ClusterRoleBinding", ("metadata", "name"), ".Release.Name"),
    Templated("ClusterRoleBinding", ("roleRef", "name"), ".Release.Name"),
    Templated("Deployment", ("spec", "replicas"), ".Values.replicas"),
    Templated("Deployment", (*_CONTAINER, "image"), ".Values.image"),
    Templated("Deployment", (*_CONTAINER, "imagePullPolicy"), ".Values.imagePullPolicy"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_LOG_LEVEL", "value"), ".Values.logLevel"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_ROUTE_DISCOVERY", "value"), ".Values.routeDiscovery"),
    Templated("Deployment", (*_CONTAINER, "resources"), ".Values.resources"),
    Templated("Deployment", (*_POD, "imagePullSecrets"), ".Values.imagePullSecrets"),
    Templated("Deployment", (*_CONTAINER, "envFrom"), ".Values.envFrom"),
    Templated("Deployment", (*_POD, "priorityClassName"), ".Values.priorityClassName"),
    Templated("Deployment", (*_POD, "securityContext"), ".Values.podSecurityContext"),
    Templated("Deployment", (*_POD, "topologySpreadConstraints"), ".Values.topologySpreadConstraints"),
    Templated("Deployment", ("spec", "template", "metadata", "annotations"), ".Values.podAnnotations"),
    Templated("ServiceAccount", ("metadata", "annotations"), ".Values.serviceAccountAnnotations"),
    Templated("PodDisruptionBudget", ("spec", "maxUnavailable"), ".Values.podDisruptionBudget.maxUnavailable"),
    Templated("Deployment", (*_POD, "nodeSelector"), ".Values.nodeSelector"),
    Templated("Deployment", (*_POD, "tolerations"), ".Values.tolerations"),
    Templated("Deployment", (*_POD, "affinity"), ".Values.affinity"),
    Templated("GatewayClass", ("metadata", "name"), ".Values.gatewayClassName"),
    Templated("GatewayClass", ("spec", "controllerName"), ".Values.controllerName"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_CONTROLLER_NAME", "value"), ".Values.controllerName"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_GATEWAY_CLASSES", "value"), ".Values.gatewayClasses"),
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_GATEWAY_NAMESPACES", "value"), ".Values.gatewayNamespaces"),
    Templated("NetworkPolicy", (*_PROXIES, "podSelector", "matchLabels", MANAGED_BY), MARK),
    # An environment has texts, and an empty one is as none.
    Templated("Deployment", (*_CONTAINER, "env", "GATEWAYD_MESH", "value"), '(ternary "true" "" .Values.mesh.enabled)'),
    *(
        Templated(f"node-{kind}", ("metadata", "namespace"), ".Release.Namespace")
        for kind in ("ServiceAccount", "ConfigMap", "NetworkPolicy", "DaemonSet")
    ),
    Templated("node-ClusterRoleBinding", ("subjects", NODE, "namespace"), ".Release.Namespace"),
    Templated("node-DaemonSet", (*_AGENT, "image"), ".Values.image"),
    Templated("node-DaemonSet", (*_AGENT, "imagePullPolicy"), ".Values.imagePullPolicy"),
    Templated("node-DaemonSet", (*_AGENT, "env", "GATEWAYD_LOG_LEVEL", "value"), ".Values.logLevel"),
    Templated(
        "node-DaemonSet",
        (*_AGENT, "env", "GATEWAYD_FAIL_CLOSED", "value"),
        '(ternary "true" "" .Values.mesh.failClosed)',
    ),
    *(
        Templated(kind, path, f"(ternary {kept} {otherwise} .Values.mesh.keepSource)")
        for kind, path, kept, otherwise in (
            ("Deployment", (*_CONTAINER, "env", "GATEWAYD_KEEP_SOURCE", "value"), '"true"', '""'),
            ("node-DaemonSet", (*_AGENT, "env", "GATEWAYD_KEEP_SOURCE", "value"), '"true"', '""'),
            ("node-DaemonSet", (*_ENVOY, "env", "ENVOY_UID", "value"), '"0"', '""'),
            ("node-DaemonSet", (*_ENVOY, "securityContext", "runAsNonRoot"), "false", "true"),
            ("node-DaemonSet", (*_ENVOY, "securityContext", "runAsUser"), "0", str(USER)),
            (
                "node-DaemonSet",
                (*_ENVOY, "securityContext", "capabilities", "add"),
                '(list "NET_RAW")',
                "(list)",
            ),
        )
    ),
    Templated("node-DaemonSet", (*_POD, "imagePullSecrets"), ".Values.imagePullSecrets"),
    Templated("node-DaemonSet", (*_POD, "nodeSelector"), ".Values.mesh.nodeSelector"),
    Templated("node-DaemonSet", (*_POD, "priorityClassName"), ".Values.mesh.priorityClassName"),
)

CONDITIONS: Final[Mapping[str, str]] = {
    "PodDisruptionBudget": ".Values.podDisruptionBudget.enabled",
    "NetworkPolicy": ".Values.networkPolicy.enabled",
    "GatewayClass": ".Values.gatewayClassName",
    **dict.fromkeys(MONITORS, ".Values.monitoring.enabled"),
}
"""What must be so, by kind, for an object to be there at all."""
NODES: Final = ".Values.mesh.enabled"
"""What must be so for the objects of the proxies of nodes."""
RELEASE_LABELS: Final[Mapping[str, str]] = {
    "app.kubernetes.io/instance": ".Release.Name",
    "app.kubernetes.io/managed-by": ".Release.Service",
    "app.kubernetes.io/version": ".Chart.AppVersion",
}
"""Of every object of a release, not of pods: https://helm.sh/docs/chart_best_practices/labels/"""

CHART_README: Final = """\
# The chart of gatewayd

A control plane for the Kubernetes Gateway API that runs a fleet of Envoy proxies. The CRDs of the Gateway API must be
in the cluster. Those of gatewayd's own policies come with the chart; Helm neither upgrades nor removes CRDs:
`kubectl apply --server-side -f deploy/crds.yaml` brings them up to date.

```
helm install gatewayd deploy/helm/gatewayd --namespace gatewayd-system --create-namespace \\
  --set image=REGISTRY/gatewayd:TAG
```

All replicas of one controller name work together. A second release needs a namespace, a `controllerName` and a
`gatewayClassName` of its own, see "Several installations" in docs/operations.md. To remove one, delete its Gateways
first (their proxies go with them), then `helm uninstall`, then the CRDs if no policy is left that somebody wants.

| value | what it is |
|---|---|
{values}

A value of the wrong kind, or one that is not known, is refused by `values.schema.json`. What is set of the *proxies* is
not here: it stands in the ConfigMap that a GatewayClass or a Gateway names, see "Operations" in the documentation.

Made by deploy/write.py from the comments of values.yaml.
"""


def files() -> Mapping[Path, str]:
    """Return all files that are made, with their text."""
    chart = {CHART / "templates" / f"{_file(each)}.yaml": _template(each) for each in _chart_objects()}
    crds = manifest(own_crds())
    return {
        HERE / "gatewayd.yaml": printed(DEFAULTS),
        HERE / "crds.yaml": f"# Made by deploy/write.py.\n{crds}",
        # https://helm.sh/docs/chart_best_practices/custom_resource_definitions/
        CHART / "crds" / "crds.yaml": f"# Made by deploy/write.py.\n{crds}",
        **chart,
        CHART / "README.md": _readme(),
    }


def _file(found: JSON) -> str:
    """Return the name of an object's template: its kind, after what it is for where that is not the control plane."""
    return f"{_part(found)}{found['kind'].lower()}"


def _part(found: JSON) -> str:
    return "node-" if found["metadata"]["name"] == NODE else ""


def _chart_objects() -> Iterator[JSON]:
    # Whatever is chosen: only what is there can be an expression.
    whole = replace(
        DEFAULTS,
        route_discovery=RouteDiscovery.PER_HOST,
        is_monitored=True,
        node_bootstrap=node_bootstrap(),
        keeps_source=True,
        controller="example.com/name",
        gateway_classes=("name",),
        gateway_namespaces="name",
    )
    for each in installation(whole):
        if each["kind"] != "Namespace":
            yield each


def _template(found: JSON) -> str:
    """Return an object as a template; markers stand for the expressions while it becomes YAML."""
    marked = deepcopy(found)
    expressions: dict[str, str] = {}
    kind = f"{_part(found)}{found['kind']}"
    paths = [(row.path, row.expression) for row in TEMPLATED if row.kind == kind]
    paths += [(("metadata", "labels", label), expression) for label, expression in RELEASE_LABELS.items()]
    for path, expression in paths:
        marker = f"expression-{len(expressions)}-"
        expressions[marker] = f"{{{{ toJson {expression} }}}}"
        _put(marked, path, marker)
    text = manifest((marked,)).removeprefix("---\n")
    for marker, expression in expressions.items():
        text = text.replace(marker, expression)
    condition = NODES if _part(found) else CONDITIONS.get(found["kind"])
    if condition is not None:
        text = f"{{{{- if {condition} }}}}\n{text}{{{{- end }}}}\n"
    return f"# Made by deploy/write.py.\n{text}"


def _readme() -> str:
    """Return the chart's README: what its values are, from the comments above them."""
    rows: list[str] = []
    comment: list[str] = []
    for line in (CHART / "values.yaml").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            comment.append(line.removeprefix("# "))
        elif line and not line.startswith((" ", "-")):
            rows.append(f"| `{line.partition(':')[0]}` | {' '.join(comment)} |")
            comment = []
    return CHART_README.format(values="\n".join(rows))


def _put(found: Any, path: tuple[str, ...], value: str) -> None:
    for step in path[:-1]:
        found = _element(found, step) if isinstance(found, list) else found[step]
    found[path[-1]] = value


def _element(found: list[JSON], name: str) -> JSON:
    return next(each for each in found if name in _names(each))


def _names(element: JSON) -> tuple[str, ...]:
    """Return what an element of a list is told apart by: its name, its port, a label of the pods that it is for."""
    ports = [str(port["port"]) for port in element.get("ports", ()) if "name" not in element]
    return (element.get("name"), element.get("port"), *ports, *element.get("podSelector", {}).get("matchLabels", ()))


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
