"""The pod that runs an Envoy: least privilege, graceful end, everything else by xDS.

It is admitted under the restricted Pod Security Standard, unless the class wants it in the network of its node:
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from gatewayd.infra import layout
from gatewayd.infra.drain import DRAIN_SECONDS, GRACE_SECONDS, connections, drain_command
from gatewayd.ir.infrastructure import Parameters, Resources, Toleration
from gatewayd.ir.zones import in_zone

JSON = dict[str, Any]

USER: Final = 65532
"""Nobody's user id: the image's own default is root."""

ENVOY_ARGUMENTS: Final = (
    "--service-node",
    "$(POD_NAME)",
    "--disable-hot-restart",
    "--drain-time-s",
    str(DRAIN_SECONDS),
    # A listener that changes says so with the next answer: connections that are kept open see what is new at once.
    "--drain-strategy",
    "immediate",
)
"""Of every Envoy in a pod; `$(POD_NAME)` is what the kubelet replaces."""
CONTAINER_SECURITY: Final[JSON] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
POD_SECURITY: Final[JSON] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}

ZONE_LABEL: Final = "topology.kubernetes.io/zone"
_ZONE: Final = "POD_ZONE"
_OWNER_AND_GROUP: Final = 0o440
_DEFAULTS: Final = {
    "--log-level": "warning",
    # How long lines of the access log wait for others, to be written with them.
    "--file-flush-interval-msec": "1000",
}
"""Flags that the user may set."""
# Ports are bound as they are written in the Gateway. A safe sysctl: it is the pod's own.
# https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
_LOW_PORTS: Final[JSON] = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}


def pod_spec(parameters: Parameters, *, object_name: str, secret: str, selector: Mapping[str, str]) -> JSON:
    """Return the spec of a Gateway's pods; `object_name` names its ConfigMap and ServiceAccount."""
    return {
        "serviceAccountName": object_name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        **_network(parameters),
        **({"nodeSelector": dict(parameters.node_selector)} if parameters.node_selector else {}),
        **({"tolerations": list(map(_toleration, parameters.tolerations))} if parameters.tolerations else {}),
        **({"affinity": json.loads(parameters.affinity)} if parameters.affinity else {}),
        **({"priorityClassName": parameters.priority_class} if parameters.priority_class else {}),
        **({"topologySpreadConstraints": spread(selector)} if parameters.workload == "Deployment" else {}),
        "containers": [_envoy(parameters)],
        "volumes": [
            {"name": "config", "configMap": {"name": object_name}},
            {"name": "certificates", "secret": {"secretName": secret, "defaultMode": _OWNER_AND_GROUP}},
            # For the admin socket: the root file system is read-only.
            {"name": "admin", "emptyDir": {"sizeLimit": "1Mi"}},
        ],
    }


def _network(parameters: Parameters) -> JSON:
    """Return whose network the pod is in; what a node has set is not for a pod to set, which the API server refuses."""
    if parameters.host_network:
        return {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet", "securityContext": POD_SECURITY}
    return {"securityContext": {**POD_SECURITY, "sysctls": [_LOW_PORTS]}}


def _toleration(of: Toleration) -> JSON:
    written = {
        "key": of.key,
        "operator": of.operator,
        "value": of.value,
        "effect": of.effect,
        "tolerationSeconds": of.seconds,
    }
    return {name: value for name, value in written.items() if value not in ("", None)}


def spread(selector: Mapping[str, str]) -> list[JSON]:
    """Return constraints that keep pods apart, by zone and by node, as far as there are any."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
        }
        for key in (ZONE_LABEL, "kubernetes.io/hostname")
    ]


def field_variable(name: str, path: str) -> JSON:
    """Return an environment variable that tells a container something of its own pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def envoy_readiness(port: int | str) -> JSON:
    """Return the readiness probe of an Envoy that has its probes at a port."""
    return {
        "httpGet": {"path": "/ready", "port": port},
        "periodSeconds": 2,
        # The thread that answers also takes in configuration: seconds, for thousands of hosts on a busy node. An Envoy
        # that serves must not lose its connections for that; one that ends is seen without a probe.
        "timeoutSeconds": 2,
        "failureThreshold": 5,
    }


def _envoy(parameters: Parameters) -> JSON:
    hook = drain_command(admin=layout.ADMIN_SOCKET, waits=connections(probes=layout.PROBES_PORT))
    return {
        "name": "envoy",
        "image": parameters.image,
        "args": _arguments(parameters),
        "env": [
            field_variable("POD_NAME", "metadata.name"),
            field_variable("POD_NAMESPACE", "metadata.namespace"),
            # Kubernetes 1.35 writes the zone of its node on each pod; where nobody does, it is empty.
            field_variable(_ZONE, f"metadata.labels['{ZONE_LABEL}']"),
        ],
        "ports": [{"name": "probes", "containerPort": layout.PROBES_PORT, "protocol": "TCP"}],
        # No liveness probe: an Envoy that waits for its control plane must not be killed for it, and Envoy's own
        # watchdog ends one that hangs.
        "readinessProbe": envoy_readiness(layout.PROBES_PORT),
        "lifecycle": {"preStop": {"exec": {"command": list(hook)}}},
        **_resources(parameters.resources),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": layout.CONFIG_FOLDER, "readOnly": True},
            {"name": "certificates", "mountPath": layout.CERTIFICATES_FOLDER, "readOnly": True},
            {"name": "admin", "mountPath": layout.ADMIN_FOLDER},
        ],
    }


def _arguments(parameters: Parameters) -> list[str]:
    concurrency = ("--concurrency", str(parameters.concurrency)) if parameters.concurrency else ()
    # Envoy ends when a flag is given twice.
    defaults = tuple(
        word for name, value in _DEFAULTS.items() if name not in parameters.extra_args for word in (name, value)
    )
    return [
        "--config-path",
        f"{layout.CONFIG_FOLDER}/{layout.BOOTSTRAP_FILE}",
        # What no two pods need have in common: it is added to the file.
        "--config-yaml",
        json.dumps(in_zone(_zone(parameters)), sort_keys=True),
        *ENVOY_ARGUMENTS,
        *defaults,
        *concurrency,
        *parameters.extra_args,
    ]


def _zone(parameters: Parameters) -> str:
    """Return the zone that a user has named for all pods, or what the kubelet replaces by that of each."""
    given = dict(zip(parameters.extra_args, parameters.extra_args[1:], strict=False))
    return given.get("--service-zone", f"$({_ZONE})")


def _resources(resources: Resources) -> JSON:
    found = {
        name: dict(pairs) for name, pairs in (("requests", resources.requests), ("limits", resources.limits)) if pairs
    }
    return {"resources": found} if found else {}
