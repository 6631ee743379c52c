"""HTTPProxies for tests."""

from typing import Any

import yaml

TO_ONE = {"services": [{"name": "one", "port": 80}]}
TO_TWO = {"services": [{"name": "two", "port": 80}]}


def contour(kind: str, name: str, spec: dict[str, Any], namespace: str = "shop", version: str = "v1") -> str:
    """Return an object of Contour's."""
    metadata = {"name": name, "namespace": namespace}
    document = {"apiVersion": f"projectcontour.io/{version}", "kind": kind, "metadata": metadata, "spec": spec}
    return yaml.safe_dump(document, sort_keys=False)


def root(*routes: dict[str, Any], name: str = "shop", fqdn: str = "shop.example", host: Any = None, **spec: Any) -> str:
    """Return an HTTPProxy with a virtual host, of which `host` are further fields; without routes all goes to `one`."""
    own = {"virtualhost": {"fqdn": fqdn, **(host or {})}, "routes": list(routes or (TO_ONE,)), **spec}
    return contour("HTTPProxy", name, own)


def part(*routes: dict[str, Any], name: str = "part", namespace: str = "team", **spec: Any) -> str:
    """Return an HTTPProxy to be included."""
    return contour("HTTPProxy", name, {"routes": list(routes or (TO_ONE,)), **spec}, namespace)


def at(action: dict[str, Any] | None = None, *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a route with conditions."""
    return {**({"conditions": list(conditions)} if conditions else {}), **(action or TO_ONE), **more}
