"""Objects of networking.x-k8s.io/v1alpha1 for tests."""

from typing import Any

import yaml


def old(
    kind: str, name: str, spec: dict[str, Any], *, version: str = "networking.x-k8s.io/v1alpha1", **meta: Any
) -> str:
    """Return an object of the namespace shop, or of `namespace`."""
    metadata = {"name": name, "namespace": "shop", **meta}
    return yaml.safe_dump({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}, sort_keys=False)


def gateway(*listeners: dict[str, Any], name: str = "web", namespace: str = "shop") -> str:
    """Return a Gateway; a listener is for HTTP on port 80 unless it says otherwise."""
    rows = [{"protocol": "HTTP", "port": 80, **each} for each in listeners or ({},)]
    return old("Gateway", name, {"gatewayClassName": "old", "listeners": rows}, namespace=namespace)


def route(*rules: dict[str, Any], name: str = "shop", labels: dict[str, str] | None = None, **spec: Any) -> str:
    """Return an HTTPRoute; without rules it forwards to the Service `web`."""
    rows = list(rules) or [{"forwardTo": [{"serviceName": "web", "port": 80}]}]
    return old("HTTPRoute", name, {**spec, "rules": rows}, labels=labels or {})
