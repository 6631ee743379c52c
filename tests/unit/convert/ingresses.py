"""Ingresses for tests, and what they are converted to."""

from typing import Any

import yaml

from gatewayd.convert.conversion import Conversion, conversion
from gatewayd.convert.draft import GatewayTarget
from gatewayd.convert.fates import Fidelity, Item
from gatewayd.manifests.documents import parse_file
from gatewayd.translator.nginx.annotations import PREFIX

TARGET = GatewayTarget(namespace="infra", name="edge", class_name="gatewayd", http_port=80, https_port=443)


def ingress(
    name: str = "shop",
    *paths: str,
    namespace: str = "shop",
    host: str = "shop.example",
    class_name: str = "nginx",
    spec: dict[str, Any] | None = None,
    created: str = "",
    **annotations: str,
) -> str:
    """Return an Ingress; a path is `PATH`, or `= PATH` for an exact one, and leads to the Service `web`.

    `ssl_redirect` is the annotation nginx.ingress.kubernetes.io/ssl-redirect.
    """
    rule = {"http": {"paths": [_path(each) for each in paths or ("/",)]}, **({"host": host} if host else {})}
    written = {f"{PREFIX}{key.replace('_', '-')}": value for key, value in annotations.items()}
    metadata = {"name": name, "namespace": namespace, "annotations": written}
    if created:
        metadata["creationTimestamp"] = created
    return yaml.safe_dump(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": metadata,
            "spec": {"ingressClassName": class_name, "rules": [rule], **(spec or {})},
        },
        sort_keys=False,
    )


def tls(*hosts: str, of: str = "cert") -> dict[str, Any]:
    """Return the part of a spec with a certificate for hosts, which is in the Secret `of`."""
    return {"tls": [{"hosts": list(hosts), "secretName": of}]}


def _path(text: str) -> dict[str, Any]:
    path = text.removeprefix("= ")
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {"path": path, "pathType": "Exact" if path != text else "Prefix", "backend": backend}


def converted(*texts: str, open_all: bool = False) -> Conversion:
    """Convert documents."""
    parsed = parse_file("a.yaml", "\n---\n".join(texts).encode())
    assert parsed.problems == ()
    return conversion(parsed.documents, TARGET, open_all=open_all)


def objects(done: Conversion, kind: str) -> dict[str, dict[str, Any]]:
    """Return the objects of a kind by namespace and name."""
    rows = [each for each in done.objects if each["kind"] == kind]
    return {f"{each['metadata']['namespace']}/{each['metadata']['name']}": each for each in rows}


def rules(done: Conversion, route: str = "shop/shop") -> dict[str, dict[str, Any]]:
    """Return the rules of a route by name."""
    return {each["name"]: each for each in objects(done, "HTTPRoute")[route]["spec"]["rules"]}


def matched(done: Conversion, route: str = "shop/shop") -> list[str]:
    """Return the paths of a route, each with how it is matched."""
    paths = [
        match.get("path", {"type": "PathPrefix", "value": "/"})
        for rule in rules(done, route).values()
        for match in rule.get("matches", [{}])
    ]
    return [f"{each['type']} {each['value']}" for each in paths]


def fates(done: Conversion) -> dict[str, Fidelity]:
    """Return what became of annotations by their short names, and of other fields by their paths."""
    return {_short(item): item.fidelity for item in done.items}


def message(done: Conversion, field: str) -> str:
    """Return what is said of one field."""
    [text] = [item.message for item in done.items if _short(item) == field]
    return text


def _short(item: Item) -> str:
    return item.path.removeprefix(f'metadata.annotations["{PREFIX}').removesuffix('"]')
