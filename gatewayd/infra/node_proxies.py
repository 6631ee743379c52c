"""The proxies of the nodes: a DaemonSet of an Envoy and its agent, and what these need. Objects of an installation.

Both are in the network of the node. The Envoy has no capability, no credential and no identity: what it asks passes
through the agent, which has CAP_NET_ADMIN, the certificate of all nodes and the right to list pods. One that reaches
backends with the addresses of pods has CAP_NET_RAW.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.infra import layout, rbac
from gatewayd.infra.drain import GRACE_SECONDS, REQUESTS, drain_command
from gatewayd.infra.made_kinds import CONFIG_MAP, DAEMON_SET, NETWORK_POLICY, SERVICE_ACCOUNT
from gatewayd.infra.pod import CONTAINER_SECURITY, ENVOY_ARGUMENTS, POD_SECURITY, USER, envoy_readiness, field_variable
from gatewayd.ir.infrastructure import ENVOY_IMAGE
from gatewayd.ir.mesh import NODE_PROBES_PORT

JSON = dict[str, Any]

_NAME: Final = layout.NODE
_LABELS: Final[Mapping[str, str]] = {"app.kubernetes.io/name": _NAME, "app.kubernetes.io/part-of": layout.CONTROL_PLANE}
SELECTOR: Final[Mapping[str, str]] = {"app.kubernetes.io/name": _NAME}
"""The labels that the pods of nodes are selected by."""
WORKERS: Final = 2
"""Threads of a node's Envoy, which is there beside all of the node's pods: by itself it would have one a core."""
_ENVOY_RESOURCES: Final = {"requests": {"cpu": "100m", "memory": "128Mi"}}
_AGENT_RESOURCES: Final = {"requests": {"cpu": "10m", "memory": "96Mi"}}
_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_SECONDS: Final = 3607
"""As the API server asks for where it mounts a token by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProxies:
    """`image` is that of gatewayd; `bootstrap`: the file that each Envoy starts with.

    `fails_closed`: without an Envoy pods reach no Service that has routes. `keeps_source`: it reaches backends with the
    addresses of pods.
    """

    namespace: str
    image: str
    log_level: str
    bootstrap: str
    fails_closed: bool
    keeps_source: bool = False


def node_proxies(chosen: NodeProxies, control_plane: Mapping[str, str]) -> tuple[JSON, ...]:
    """Return the objects, in an order in which they can be made; the labels select the control plane's pods."""
    binding = rbac.bound("ClusterRole", _NAME, _NAME, chosen.namespace)
    return (
        {**_named(SERVICE_ACCOUNT.head, chosen.namespace), "automountServiceAccountToken": False},
        {**_named(_rbac("ClusterRole"), ""), "rules": list(rbac.node_rules())},
        {**_named(_rbac("ClusterRoleBinding"), ""), **binding},
        {**_named(CONFIG_MAP.head, chosen.namespace), "data": {layout.BOOTSTRAP_FILE: chosen.bootstrap}},
        {**_named(NETWORK_POLICY.head, chosen.namespace), "spec": _from_nodes(control_plane)},
        {**_named(DAEMON_SET.head, chosen.namespace), "spec": _daemon_set(chosen)},
    )


def _rbac(kind: str) -> JSON:
    return {"apiVersion": rbac.API_VERSION, "kind": kind}


def _named(head: Mapping[str, str], namespace: str) -> JSON:
    where = {"namespace": namespace} if namespace else {}
    return {**head, "metadata": {"name": _NAME, **where, "labels": dict(_LABELS)}}


def _from_nodes(control_plane: Mapping[str, str]) -> JSON:
    """Return what lets nodes, which no selector of pods finds, ask the control plane; TLS tells it who they are."""
    return {
        "podSelector": {"matchLabels": dict(control_plane)},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"port": layout.XDS_PORT, "protocol": "TCP"}]}],
    }


def _daemon_set(chosen: NodeProxies) -> JSON:
    pod = {
        "serviceAccountName": _NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {"fsGroup": USER, "seccompProfile": POD_SECURITY["seccompProfile"]},
        "priorityClassName": "system-node-critical",
        # Pods of every node call Services.
        "tolerations": [{"operator": "Exists"}],
        "containers": [_envoy(chosen), _agent(chosen)],
        "volumes": list(_volumes()),
    }
    return {
        "selector": {"matchLabels": dict(SELECTOR)},
        "revisionHistoryLimit": 2,
        # The ports are the node's: the new pod can begin when the old one has ended.
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
        "template": {"metadata": {"labels": dict(_LABELS)}, "spec": pod},
    }


def _with_capability(name: str) -> JSON:
    # Capabilities are given to the user root alone: https://github.com/kubernetes/enhancements/issues/2763.
    root = {"runAsUser": 0, "runAsGroup": USER, "runAsNonRoot": False}
    return {**CONTAINER_SECURITY, **root, "capabilities": {"drop": ["ALL"], "add": [name]}}


def _envoy_security(chosen: NodeProxies) -> JSON:
    # To use an address that is not one's own takes CAP_NET_RAW or CAP_NET_ADMIN, of which that is the lesser:
    # https://man7.org/linux/man-pages/man7/ip.7.html (IP_TRANSPARENT).
    if chosen.keeps_source:
        return _with_capability("NET_RAW")
    return {**CONTAINER_SECURITY, **{name: POD_SECURITY[name] for name in ("runAsNonRoot", "runAsUser", "runAsGroup")}}


def _envoy(chosen: NodeProxies) -> JSON:
    hook = drain_command(admin=layout.ADMIN_SOCKET, waits=REQUESTS)
    # Else the image's entrypoint has root run Envoy as somebody else, who has no capability.
    own = [{"name": "ENVOY_UID", "value": "0"}] if chosen.keeps_source else []
    return {
        "name": "envoy",
        "image": ENVOY_IMAGE,
        "args": list(_arguments()),
        "env": [field_variable("POD_NAME", "metadata.name"), *own],
        "ports": [{"name": "probes", "containerPort": NODE_PROBES_PORT, "protocol": "TCP"}],
        "readinessProbe": _readiness(),
        "lifecycle": {"preStop": {"exec": {"command": list(hook)}}},
        "resources": _ENVOY_RESOURCES,
        "securityContext": _envoy_security(chosen),
        "volumeMounts": [
            {"name": "config", "mountPath": layout.CONFIG_FOLDER, "readOnly": True},
            {"name": "sockets", "mountPath": layout.ADMIN_FOLDER},
        ],
    }


def _readiness() -> JSON:
    """Return the probe on the node itself: its address may be of IPv6, where nobody answers it."""
    probe = envoy_readiness("probes")
    return {**probe, "httpGet": {**probe["httpGet"], "host": "127.0.0.1"}}


def _arguments() -> Iterator[str]:
    yield from ("--config-path", f"{layout.CONFIG_FOLDER}/{layout.BOOTSTRAP_FILE}")
    yield from ENVOY_ARGUMENTS
    yield from ("--log-level", "warning", "--concurrency", str(WORKERS))


def _agent(chosen: NodeProxies) -> JSON:
    kept = [{"name": "GATEWAYD_KEEP_SOURCE", "value": "true"}] if chosen.keeps_source else []
    return {
        "name": "agent",
        "image": chosen.image,
        "args": ["agent"],
        "env": [
            field_variable("NODE_NAME", "spec.nodeName"),
            # One of each family that the node has.
            # https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#downwardapi-fieldRef
            field_variable("NODE_ADDRESS", "status.hostIPs"),
            field_variable("POD_NAMESPACE", "metadata.namespace"),
            {"name": "GATEWAYD_LOG_LEVEL", "value": chosen.log_level},
            {"name": "GATEWAYD_FAIL_CLOSED", "value": "true" if chosen.fails_closed else ""},
            *kept,
        ],
        "resources": _AGENT_RESOURCES,
        "securityContext": _with_capability("NET_ADMIN"),
        "volumeMounts": [
            {"name": "sockets", "mountPath": layout.ADMIN_FOLDER},
            {"name": "certificates", "mountPath": layout.CERTIFICATES_FOLDER, "readOnly": True},
            {"name": "account", "mountPath": _ACCOUNT, "readOnly": True},
        ],
    }


def _volumes() -> Iterator[JSON]:
    yield {"name": "config", "configMap": {"name": _NAME}}
    # The admin socket of the Envoy, and that at which it asks the agent.
    yield {"name": "sockets", "emptyDir": {"sizeLimit": "1Mi"}}
    yield {"name": "certificates", "secret": {"secretName": layout.NODE_SECRET, "defaultMode": 0o440}}
    # By hand, since by itself it would be in the Envoy's container too.
    yield {
        "name": "account",
        "projected": {
            "sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            ]
        },
    }
