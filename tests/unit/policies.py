"""Policies of the project's own group, short to write, for the tests."""

from collections.abc import Mapping
from typing import Any

from gatewayd.own_group import API_VERSION

GROUP = "gateway.networking.k8s.io"
_GROUPS = {
    "Namespace": "",
    "Service": "",
    "ServiceImport": "multicluster.x-k8s.io",
    "XBackend": "gateway.networking.x-k8s.io",
}


def target(kind: str, name: str = "", section: str = "") -> dict[str, str]:
    """Return a targetRef."""
    found = {"group": _GROUPS.get(kind, GROUP), "kind": kind}
    return {**found, **({"name": name} if name else {}), **({"sectionName": section} if section else {})}


def policy(
    kind: str,
    name: str,
    *targets: Mapping[str, str],
    namespace: str = "shop",
    created: str = "2026-01-01T00:00:00Z",
    **strategy: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a complete document; `strategy` is default or override with its sections."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created, "generation": 2},
        "spec": {"targetRefs": [*targets], **strategy},
    }
