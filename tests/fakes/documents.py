"""Objects as an API server holds them: plain values that become JSON."""

from typing import Any, Final

GATEWAY_API: Final = "gateway.networking.k8s.io/v1"

Json = dict[str, Any]


def config_map(name: str, *, version: int = 1, namespace: str = "shop", **data: str) -> Json:
    """Return a ConfigMap."""
    metadata = {"name": name, "namespace": namespace, "resourceVersion": str(version), "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def tcp_route(name: str, *, version: int = 1, api_version: str = GATEWAY_API) -> Json:
    """Return a TCPRoute of Gateway gw."""
    return {
        "apiVersion": api_version,
        "kind": "TCPRoute",
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": str(version), "uid": f"uid-{name}"},
        "spec": {
            "parentRefs": [{"name": "gw"}],
            "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
        },
    }


def page(*items: Json, version: int = 1, following: str = "") -> Json:
    """Return a page of a list."""
    return {"metadata": {"resourceVersion": str(version), "continue": following}, "items": list(items)}


def event(kind: str, document: Json) -> Json:
    """Return a line of a watch."""
    return {"type": kind, "object": document}


def bookmark(version: int) -> Json:
    """Return a line that says how far the watch is."""
    return event("BOOKMARK", {"kind": "ConfigMap", "metadata": {"resourceVersion": str(version)}})


def failure(code: int, reason: str = "", message: str = "no") -> Json:
    """Return a Status object."""
    return {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
