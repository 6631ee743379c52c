"""The API server's audit log: who asked for what, and what came of it.

https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
"""

from __future__ import annotations

import json
from pathlib import Path

from conformance.harness.rundir import RunDirectory

_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    # A watch is noted when it starts, anything else when it was answered.
    "omitStages": ["RequestReceived"],
    "rules": [
        # Never what is in a Secret, or the log would be where it is found.
        {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets", "serviceaccounts/token"]}]},
        {"level": "RequestResponse", "verbs": ["create", "update", "patch", "delete"]},
        {"level": "Metadata"},
    ],
}

_MOST_MEBIBYTES = 100_000
"""Beyond which a log is put aside and another begun. A run has all of it in one: with the default of 100 MiB a crowd of
300 Gateways lost the beginning."""


def write_policy(file: Path) -> None:
    """Write what is to be noted."""
    file.write_text(json.dumps(_POLICY))


def flags(run: RunDirectory) -> tuple[str, ...]:
    """Return the API server's flags, none when there is no policy."""
    if not run.audit_policy.exists():
        return ()
    path = f"--audit-log-path={run.audit_log}"
    return (f"--audit-policy-file={run.audit_policy}", path, f"--audit-log-maxsize={_MOST_MEBIBYTES}")
