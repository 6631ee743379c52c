"""Istio's objects for tests."""

from typing import Any

import yaml

TO_ONE = {"route": [{"destination": {"host": "one", "port": {"number": 80}}}]}
TO_TWO = {"route": [{"destination": {"host": "two", "port": {"number": 80}}}]}
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: one, namespace: shop}
spec: {selector: {app: one}, ports: [{name: http, port: 8080, targetPort: web}]}
"""


def istio(kind: str, name: str, spec: dict[str, Any], **metadata: str) -> str:
    """Return an object of the namespace shop, or of `namespace`."""
    written = {"name": name, "namespace": "shop", **metadata}
    document = {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": written, "spec": spec}
    return yaml.safe_dump(document, sort_keys=False)


def gateway(
    *hosts: str, tls: dict[str, Any] | None = None, name: str = "web", protocol: str = "", port: int = 0
) -> str:
    """Return a Gateway with one server; with `tls` it is for HTTPS unless `protocol` says otherwise."""
    spoken = protocol or ("HTTPS" if tls else "HTTP")
    number = port or (443 if spoken == "HTTPS" else 80)
    server = {
        "port": {"number": number, "name": "p", "protocol": spoken},
        "hosts": list(hosts or ("shop.example",)),
        **({"tls": tls} if tls else {}),
    }
    return istio("Gateway", name, {"selector": {"istio": "ingressgateway"}, "servers": [server]})


def virtual_service(
    *rules: dict[str, Any], name: str = "shop", hosts: tuple[str, ...] = ("shop.example",), **spec: Any
) -> str:
    """Return a VirtualService at the Gateway `web`; without rules all goes to the Service `one`."""
    return istio(
        "VirtualService", name, {"hosts": list(hosts), "gateways": ["web"], "http": list(rules or (TO_ONE,)), **spec}
    )


def rule(action: dict[str, Any] | None = None, **match: Any) -> dict[str, Any]:
    """Return a rule with one match, to the Service `one` unless `action` says otherwise."""
    return {**({"match": [match]} if match else {}), **(action or TO_ONE)}


def uri(**how: str) -> dict[str, Any]:
    """Return a match of a path."""
    return {"uri": how}
