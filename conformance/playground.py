"""A cluster with gatewayd in it, for people: `python -m conformance.playground`, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from conformance.harness import crds, sandbox
from conformance.installation import install


def main() -> int:
    """Outside: bring a cluster up and start this module in it. Inside: install gatewayd and wait."""
    if "GATEWAYD_RUN" not in os.environ:
        return sandbox.run_cluster(crds.NEWEST, (sys.executable, "-m", "conformance.playground"))
    install(None)
    kubeconfig = Path(os.environ["GATEWAYD_RUN"]) / "kubeconfig"
    print(f"\ngatewayd is installed. From another terminal:\n\n  export KUBECONFIG={kubeconfig}", flush=True)
    print("  kubectl get gatewayclass\n\nServices and Gateways answer inside:", flush=True)
    print("  python -m conformance.harness exec -- curl ADDRESS\n\nCtrl-C ends it all.", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
