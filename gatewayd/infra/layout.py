"""Ports and paths that a proxy's pod, its bootstrap and the control plane agree on."""

from typing import Final

from gatewayd.ir import environment
from gatewayd.own_group import own

ADMIN_FOLDER: Final = "/run/envoy"
"""The one place of its pod that an Envoy can write to."""
ADMIN_SOCKET: Final = f"{ADMIN_FOLDER}/admin"
"""Envoy's admin interface: a Unix socket, so that no address leads to it, whatever a route's backend is called."""
NODE_SOCKET: Final = f"{ADMIN_FOLDER}/xds"
"""Where the agent of a node has its Envoy ask."""
NODE: Final = "gatewayd-node"
"""The DaemonSet of the nodes' proxies, and all that goes with it."""
NODE_SECRET: Final = "gatewayd-node-xds"  # noqa: S105 - a name, not a secret
"""The client certificate of the proxies of all nodes, beside the control plane."""
PROBES_PORT: Final = 19001
"""GET /ready and GET /stats/prometheus of an Envoy, for the kubelet and Prometheus."""

CONFIG_FOLDER: Final = "/etc/gatewayd"
"""Where a proxy finds its ConfigMap."""
BOOTSTRAP_FILE: Final = "bootstrap.json"
CERTIFICATES_FOLDER: Final = "/var/run/gatewayd/certificates"
"""Where a proxy finds the Secret of its client certificate: tls.crt, tls.key, ca.crt."""

XDS_PORT: Final = 18000
"""The control plane's ADS, mutual TLS."""
HEALTH_PORT: Final = 18001
"""GET /healthz and GET /readyz of the control plane, for the kubelet."""
INTROSPECTION_PORT: Final = 18002
"""What `gatewayd status` and its like ask of a replica, on the loopback of its pod: for who may forward its ports."""
LIMITS_PORT: Final = 18003
"""Where rate limit services have their limits from, mutual TLS."""
PAGE_PORT: Final = 18004
"""The page that `gatewayd ui` shows, on the loopback too, from the first question for it on."""
METRICS_PORT: Final = 19001
"""GET /metrics of the control plane, for Prometheus: the same port as a proxy's."""

RUNTIME_FOLDER: Final = "/run/gatewayd"
"""Where the control plane makes the socket that `gatewayd status` asks: the one place of its pod it can write to."""

CONTROL_PLANE: Final = "gatewayd"
"""The control plane's Service, Deployment and ServiceAccount, and the GatewayClass that comes with it."""
NAMESPACE: Final = environment.NAMESPACE
LEASE: Final = "gatewayd-leader"
AUTHORITY_SECRET: Final = "gatewayd-ca"  # noqa: S105 - a name, not a secret
RATE_LIMIT_SECRET: Final = "gatewayd-rate-limits"  # noqa: S105 - a name, not a secret
"""The client certificate of rate limit services, beside the control plane."""
KEY_SET_LABEL: Final = own("key-set")
"""What the ConfigMaps carry in which key sets that were fetched outlive the replicas."""


def server_name(namespace: str) -> str:
    """Return the name of the control plane's Service in a namespace, which its certificate is for."""
    return f"{CONTROL_PLANE}.{namespace}.svc"


def absolute_name(namespace: str) -> str:
    """Return the same in full; with a trailing dot it is absolute, and no search domain is tried before it."""
    return f"{server_name(namespace)}.cluster.local."


def certificate_secret(object_name: str) -> str:
    """Return the name of the Secret with the client certificate of a Gateway's proxies."""
    return f"{object_name}-xds"
