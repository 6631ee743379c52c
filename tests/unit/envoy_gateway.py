"""Policies of Envoy Gateway, short to write, for the tests."""

from collections.abc import Mapping
from typing import Any

import msgspec


def foreign(
    kind: str,
    name: str,
    *targets: Mapping[str, str],
    namespace: str = "shop",
    created: str = "2026-01-01T00:00:00Z",
    **spec: Any,
) -> dict[str, Any]:
    """Return a complete document."""
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created, "generation": 2},
        "spec": {**({"targetRefs": [*targets]} if targets else {}), **spec},
    }


def plain(value: Any) -> Any:
    """Return a struct as a manifest would have it."""
    return msgspec.json.decode(msgspec.json.encode(value))
