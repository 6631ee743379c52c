"""The API server's audit log -> what was written.

https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from conformance.history.events import Write
from conformance.history.writes import REPLICA

_VERBS = frozenset({"create", "update", "patch", "delete"})
_POD = "authentication.kubernetes.io/pod-name"
_KEPT = ("name", "generation", "resourceVersion", "annotations", "labels", "finalizers")


def writes(lines: Iterable[str], account: str) -> Iterator[Write]:
    """Yield what changed something; `account` is the user name of the replicas."""
    for line in lines:
        entry = json.loads(line)
        if entry["verb"] in _VERBS and entry["stage"] == "ResponseComplete" and "objectRef" in entry:
            yield _write(entry, account)


def _write(entry: Mapping[str, Any], account: str) -> Write:
    ref, body = entry["objectRef"], entry.get("responseObject") or {}
    plural = f"{ref['resource']}/{ref['subresource']}" if ref.get("subresource") else ref["resource"]
    name = ref.get("name") or body.get("metadata", {}).get("name", "")
    return Write(
        at=moment(entry["stageTimestamp"]),
        began=moment(entry["requestReceivedTimestamp"]),
        who=who(entry, account),
        verb=entry["verb"],
        subject=f"{plural} {ref.get('namespace', '')}/{name}",
        code=entry.get("responseStatus", {}).get("code", 0),
        body=_short(body),
    )


def who(entry: Mapping[str, Any], account: str) -> str:
    """Return who asked: a replica by its Pod, anybody else by the user name."""
    user = entry["user"]
    pods = user.get("extra", {}).get(_POD, ())
    return f"{REPLICA}{pods[0]}" if user["username"] == account and pods else str(user["username"])


def moment(text: str) -> float:
    """Return Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def _short(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the checks read of an object."""
    if body.get("kind") == "Status":
        return {}
    metadata, spec = body.get("metadata", {}), body.get("spec", {})
    return {
        "metadata": {name: metadata[name] for name in _KEPT if name in metadata},
        "spec": {name: spec[name] for name in ("listeners", "holderIdentity") if name in spec},
        "status": body.get("status", {}),
    }
