"""Rights that were given, and rights that were used, as the audit log has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

_CREATED = 201

Right = tuple[str, str, str]
"""Group, resource with subresource, verb."""


def granted(manifest: str) -> frozenset[Right]:
    """Return the rights of all roles of a manifest."""
    return frozenset(_granted(yaml.safe_load_all(manifest)))


def _granted(documents: Iterable[Mapping[str, Any] | None]) -> Iterator[Right]:
    for document in documents:
        if document is not None and document["kind"] in {"ClusterRole", "Role"}:
            for rule in document["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        yield from ((group, resource, verb) for verb in rule["verbs"])


def used(lines: Iterable[str], account: str) -> Iterator[tuple[Right, int]]:
    """Yield what an account asked for, with the answer's code.

    Who applies what is not there needs the right to create it, which the log has as the answer 201 to a patch.
    """
    for line in lines:
        entry = json.loads(line)
        ref = entry.get("objectRef")
        if entry["user"]["username"] != account or ref is None or "resource" not in ref:
            continue
        resource = f"{ref['resource']}/{ref['subresource']}" if ref.get("subresource") else ref["resource"]
        code = entry.get("responseStatus", {}).get("code", 0)
        yield (ref.get("apiGroup", ""), resource, entry["verb"]), code
        if entry["verb"] == "patch" and code == _CREATED:
            yield (ref.get("apiGroup", ""), resource, "create"), code
