"""gatewayd itself in a cluster: everything that `gatewayd install --print` and the Helm chart hold.

The pods are admitted under the restricted Pod Security Standard, but for those of nodes. The CRDs of the Gateway API
are not among these objects: they belong to the cluster, and whoever owns it chooses their version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.api.kinds import read_kinds
from gatewayd.infra import layout, network, rbac
from gatewayd.infra.made_kinds import NETWORK_POLICY
from gatewayd.infra.monitoring import monitoring
from gatewayd.infra.node_proxies import NodeProxies, node_proxies
from gatewayd.infra.pod import CONTAINER_SECURITY, POD_SECURITY, field_variable, spread
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER, manager

JSON = dict[str, Any]

NAME: Final = layout.CONTROL_PLANE
LABELS: Final[Mapping[str, str]] = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": NAME}
SELECTOR: Final[Mapping[str, str]] = {"app.kubernetes.io/name": NAME}
REPLICAS: Final = 2
_DESCRIPTION: Final = "Envoy proxies that gatewayd runs and configures"
# No CPU limit: a throttled control plane is a slow one. No memory limit: what is enough depends on the cluster.
RESOURCES: Final[Mapping[str, Mapping[str, str]]] = {"requests": {"cpu": "100m", "memory": "256Mi"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What may be chosen; `log_level` is "debug", "info", "warning" or "error".

    `route_discovery` None: whichever suits a route table. `is_monitored`: with what the Prometheus operator needs.
    `envoy_gateway_kinds`: those are read too. `controller`, `gateway_classes` and `gateway_namespaces`: whom it serves,
    as in `ir.environment.Environment`. `node_bootstrap`: routes may have Services as parents, for which each
    node has an Envoy that starts with this file; None: no node has. `fails_closed`: without it pods
    reach no such Service. `keeps_source`: it reaches backends with the addresses of pods.
    """

    namespace: str
    image: str
    replicas: int
    log_level: str
    route_discovery: RouteDiscovery | None
    is_monitored: bool
    envoy_gateway_kinds: bool = False
    node_bootstrap: str | None = None
    fails_closed: bool = False
    keeps_source: bool = False
    controller: str = CONTROLLER
    gateway_classes: tuple[str, ...] = ()
    gateway_namespaces: str = ""

    @property
    def cluster_name(self) -> str:
        """The name of what is of no namespace: one that no other installation of the cluster has."""
        return NAME if self.controller == CONTROLLER else f"{NAME}-{self.namespace}"


def installation(chosen: Installation) -> tuple[JSON, ...]:
    """Return all objects, in an order in which they can be made."""
    return (
        _namespace(chosen),
        {**_object("v1", "ServiceAccount", chosen.namespace), "automountServiceAccountToken": False},
        *_access(chosen),
        _service(chosen),
        _network_policy(chosen),
        _deployment(chosen),
        _disruption_budget(chosen),
        {
            **_cluster_object(chosen, "gateway.networking.k8s.io/v1", "GatewayClass"),
            "spec": {"controllerName": chosen.controller, "description": _DESCRIPTION},
        },
        *(monitoring(chosen.namespace, LABELS, SELECTOR) if chosen.is_monitored else ()),
        *_nodes(chosen),
    )


def _nodes(chosen: Installation) -> tuple[JSON, ...]:
    if chosen.node_bootstrap is None:
        return ()
    proxies = NodeProxies(
        namespace=chosen.namespace,
        image=chosen.image,
        log_level=chosen.log_level,
        bootstrap=chosen.node_bootstrap,
        fails_closed=chosen.fails_closed,
        keeps_source=chosen.keeps_source,
    )
    return node_proxies(proxies, SELECTOR)


def _object(api_version: str, kind: str, namespace: str) -> JSON:
    metadata = {"name": NAME, "namespace": namespace, "labels": dict(LABELS)}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _cluster_object(chosen: Installation, api_version: str, kind: str) -> JSON:
    metadata = {"name": chosen.cluster_name, "labels": dict(LABELS)}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _namespace(chosen: Installation) -> JSON:
    # Nodes' proxies are in the network of their node, which nothing less admits.
    level = "restricted" if chosen.node_bootstrap is None else "privileged"
    pod_security = {"pod-security.kubernetes.io/enforce": level}
    metadata = {"name": chosen.namespace, "labels": {**LABELS, **pod_security}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _access(chosen: Installation) -> tuple[JSON, ...]:
    home, name = chosen.namespace, chosen.cluster_name
    return (
        {
            **_cluster_object(chosen, rbac.API_VERSION, "ClusterRole"),
            "rules": list(rbac.cluster_rules(read_kinds(envoy_gateway=chosen.envoy_gateway_kinds))),
        },
        {
            **_cluster_object(chosen, rbac.API_VERSION, "ClusterRoleBinding"),
            **rbac.bound("ClusterRole", name, NAME, home),
        },
        {**_object(rbac.API_VERSION, "Role", home), "rules": list(rbac.own_rules())},
        {**_object(rbac.API_VERSION, "RoleBinding", home), **rbac.bound("Role", NAME, NAME, home)},
    )


def _service(chosen: Installation) -> JSON:
    ports = [
        {"name": name, "port": port, "targetPort": name, "protocol": "TCP"}
        for name, port in (("xds", layout.XDS_PORT), ("limits", layout.LIMITS_PORT), ("metrics", layout.METRICS_PORT))
    ]
    return {**_object("v1", "Service", chosen.namespace), "spec": {"selector": dict(SELECTOR), "ports": ports}}


def _network_policy(chosen: Installation) -> JSON:
    head = _object(NETWORK_POLICY.api_version, NETWORK_POLICY.kind, chosen.namespace)
    return {**head, "spec": network.control_plane_policy(SELECTOR, manager(chosen.controller))}


def _deployment(chosen: Installation) -> JSON:
    template = {
        "metadata": {
            "labels": dict(LABELS),
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": str(layout.METRICS_PORT)},
        },
        "spec": {
            "serviceAccountName": NAME,
            "automountServiceAccountToken": True,
            "enableServiceLinks": False,
            "securityContext": POD_SECURITY,
            "topologySpreadConstraints": spread(SELECTOR),
            "containers": [_container(chosen)],
            # For the socket that `gatewayd status` asks: the root file system is read-only.
            "volumes": [{"name": "runtime", "emptyDir": {"sizeLimit": "16Mi"}}],
        },
    }
    spec = {
        "replicas": chosen.replicas,
        "selector": {"matchLabels": dict(SELECTOR)},
        "revisionHistoryLimit": 2,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": template,
    }
    return {**_object("apps/v1", "Deployment", chosen.namespace), "spec": spec}


def _container(chosen: Installation) -> JSON:
    ports = (
        ("xds", layout.XDS_PORT),
        ("limits", layout.LIMITS_PORT),
        ("health", layout.HEALTH_PORT),
        ("metrics", layout.METRICS_PORT),
    )
    return {
        "name": NAME,
        "image": chosen.image,
        "args": ["serve"],
        "env": list(_environment(chosen)),
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "health"}, "periodSeconds": 2, "timeoutSeconds": 2},
        # Patient: a translation of a large cluster may keep the event loop for seconds.
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": "health"},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        # A first listing of a large cluster takes longer than liveness would wait: ten minutes.
        "startupProbe": {
            "httpGet": {"path": "/healthz", "port": "health"},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
            "failureThreshold": 300,
        },
        "resources": {part: dict(quantities) for part, quantities in RESOURCES.items()},
        "volumeMounts": [{"name": "runtime", "mountPath": layout.RUNTIME_FOLDER}],
        "securityContext": CONTAINER_SECURITY,
    }


def _environment(chosen: Installation) -> Iterator[JSON]:
    yield field_variable("POD_NAME", "metadata.name")
    yield field_variable("POD_NAMESPACE", "metadata.namespace")
    yield field_variable("POD_UID", "metadata.uid")
    yield {"name": "GATEWAYD_LOG_LEVEL", "value": chosen.log_level}
    if chosen.route_discovery is not None:
        yield {"name": "GATEWAYD_ROUTE_DISCOVERY", "value": chosen.route_discovery.value}
    if chosen.envoy_gateway_kinds:
        yield {"name": "GATEWAYD_ENVOY_GATEWAY_KINDS", "value": "true"}
    yield {"name": "GATEWAYD_CONTROLLER_NAME", "value": chosen.controller}
    if chosen.gateway_classes:
        yield {"name": "GATEWAYD_GATEWAY_CLASSES", "value": ",".join(chosen.gateway_classes)}
    if chosen.gateway_namespaces:
        yield {"name": "GATEWAYD_GATEWAY_NAMESPACES", "value": chosen.gateway_namespaces}
    if chosen.node_bootstrap is not None:
        yield {"name": "GATEWAYD_MESH", "value": "true"}
        if chosen.keeps_source:
            yield {"name": "GATEWAYD_KEEP_SOURCE", "value": "true"}
    yield {"name": "TMPDIR", "value": layout.RUNTIME_FOLDER}


def _disruption_budget(chosen: Installation) -> JSON:
    spec = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": dict(SELECTOR)},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return {**_object("policy/v1", "PodDisruptionBudget", chosen.namespace), "spec": spec}
