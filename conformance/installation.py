"""Install gatewayd into the cluster that this process runs in, as a person would: `gatewayd install --print`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from conformance.build import HERE
from conformance.kubectl import Kubectl

_TIMEOUT = "120s"
_NAMES = 'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\\n"}{end}'


def install(files: Sequence[str] | None, options: Sequence[str] = ()) -> None:
    """Apply manifests, and wait for all Deployments and DaemonSets; raises KubectlError.

    `files` None: what gatewayd itself prints when it is given `options`.
    """
    kubectl = Kubectl()
    for file in files or ():
        kubectl("apply", "--server-side", "-f", file)
    if files is None:
        command = (sys.executable, "-m", "gatewayd", "install", "--print", *options)
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=HERE.parent, text=True).stdout
        kubectl("apply", "--server-side", "-f", "-", stdin=printed)
    kubectl("wait", "deployment", "--all", "-A", "--for=condition=Available", f"--timeout={_TIMEOUT}")
    for found in kubectl("get", "daemonset", "-A", "-o", _NAMES).splitlines():
        namespace, name = found.split()
        kubectl("rollout", "status", "daemonset", name, "-n", namespace, f"--timeout={_TIMEOUT}")
