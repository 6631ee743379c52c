"""What the Prometheus operator needs to watch gatewayd and its proxies.

In: a namespace. Out: a ServiceMonitor of the control plane, a PodMonitor of the proxies of all Gateways, and a
PrometheusRule with an alert for each thing that a person should be told of.
Fields: https://prometheus-operator.dev/docs/api-reference/api/
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gatewayd.infra.layout import CONTROL_PLANE

JSON = dict[str, Any]

_API_VERSION: Final = "monitoring.coreos.com/v1"
_INTERVAL: Final = "30s"
_PROXY_LABELS: Final = {"app.kubernetes.io/name": "envoy", "app.kubernetes.io/managed-by": CONTROL_PLANE}


class _Alert(NamedTuple):
    name: str
    expression: str
    lasting: str
    severity: str
    summary: str


ALERTS: Final = (
    _Alert(
        "GatewaydNotReady",
        "max(gatewayd_ready) < 1 or absent(gatewayd_ready)",
        "5m",
        "critical",
        "no replica has read the whole cluster; proxies go on with what they have, and changes wait",
    ),
    _Alert(
        "GatewaydNoLeader",
        "sum(gatewayd_leader) < 1",
        "2m",
        "warning",
        "nobody writes statuses or makes infrastructure; traffic is served and follows changes",
    ),
    _Alert(
        "GatewaydRejectedResources",
        "max by (gateway, type) (gatewayd_rejected_resources) > 0",
        "5m",
        "warning",
        "a proxy refuses what it was sent; `gatewayd status` has its words",
    ),
    _Alert(
        "GatewaydQueryFailures",
        "increase(gatewayd_query_failures_total[15m]) > 0",
        "0m",
        "warning",
        "gatewayd failed on an object, which is held back: the log has `query failed` with its key",
    ),
    _Alert(
        "GatewaydWorkFailures",
        "increase(gatewayd_work_failures_total[10m]) > 5",
        "10m",
        "warning",
        "objects cannot be seen to, and are tried again; the log says why",
    ),
    _Alert(
        "GatewaydReplicasDiffer",
        'count by (gateway) (count_values by (gateway) ("hash", gatewayd_config_hash)) > 1',
        "2m",
        "warning",
        "replicas have different configurations for a Gateway",
    ),
    _Alert(
        "GatewaydProxyMissing",
        "sum by (gateway) (gatewayd_connected_proxies) == 0",
        "10m",
        "warning",
        "no proxy of a Gateway is connected",
    ),
)
"""What is worth an alert, and what it means for traffic. Summaries name no label: Helm would read `{{` as its own."""


def monitoring(namespace: str, labels: Mapping[str, str], selector: Mapping[str, str]) -> tuple[JSON, ...]:
    """Return the objects, with these labels, for an installation whose Service has the labels of `selector`."""
    specs = {
        "ServiceMonitor": _service_monitor(selector),
        "PodMonitor": _pod_monitor(),
        "PrometheusRule": {"groups": [{"name": CONTROL_PLANE, "rules": [*map(_rule, ALERTS)]}]},
    }
    metadata = {"name": CONTROL_PLANE, "namespace": namespace, "labels": dict(labels)}
    return tuple(
        {"apiVersion": _API_VERSION, "kind": kind, "metadata": metadata, "spec": spec} for kind, spec in specs.items()
    )


def _service_monitor(selector: Mapping[str, str]) -> JSON:
    return {
        "selector": {"matchLabels": dict(selector)},
        "endpoints": [{"port": "metrics", "interval": _INTERVAL}],
    }


def _pod_monitor() -> JSON:
    gateway = {
        "sourceLabels": ["__meta_kubernetes_pod_label_gateway_networking_k8s_io_gateway_name"],
        "targetLabel": "gateway",
    }
    endpoint = {
        "port": "probes",
        "path": "/stats/prometheus",
        "interval": _INTERVAL,
        "relabelings": [gateway],
    }
    return {
        "namespaceSelector": {"any": True},
        "selector": {"matchLabels": dict(_PROXY_LABELS)},
        "podMetricsEndpoints": [endpoint],
    }


def _rule(alert: _Alert) -> JSON:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.lasting,
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary},
    }
