"""What a BackendPolicy for a Gateway costs that leads to N Services: memory of what is kept, and time of one edit.

`python -m bench.backend_policies N` prints one JSON line: bytes that Python keeps without a policy and with one, how
many times as much that is, and seconds of CPU of the first one, and of another one in its place.
"""

import gc
import json
import sys
import time
import tracemalloc
from typing import Any

from bench import stored
from gatewayd.api.decode import Decoded, decode
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.own_group import API_VERSION
from gatewayd.reconciler import Reconciler
from gatewayd.store import Delta


class _Nobody:
    def publish(self, snapshot: Any, config: Any) -> None:
        """Send it to nobody."""

    def retire(self, fleet: Any) -> None:
        """Take it from nobody."""


def _delta(document: stored.Json) -> Delta:
    decoded = decode(document)
    assert isinstance(decoded, Decoded), decoded
    return Delta(kind=decoded.kind.struct, key=decoded.key, obj=decoded.obj)


def _policy(requests: int) -> Delta:
    sections = {"limits": {"requests": requests}, "activeHealth": {"http": {"path": "/healthz"}}, "passiveHealth": {}}
    gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw"}
    return _delta(
        {
            "apiVersion": API_VERSION,
            "kind": "BackendPolicy",
            "metadata": {"name": "all", "namespace": stored.NAMESPACE},
            "spec": {"targetRefs": [gateway], "default": sections},
        }
    )


def _kept() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def measure(services: int) -> dict[str, Any]:
    """Return the figures for so many Services."""
    tracemalloc.start()
    reconciler = Reconciler(publisher=_Nobody(), on_batch=lambda _batch: None, awaited=())

    def change(*deltas: Delta) -> float:
        began = time.process_time()
        reconciler.submit(deltas)
        reconciler.step()
        return time.process_time() - began

    change(Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT))
    for _, documents in stored.everything(services):
        change(*map(_delta, documents))
    without = _kept()
    first = change(_policy(100))
    with_policy = _kept()
    tracemalloc.stop()
    other = change(_policy(200))
    return {
        "services": services,
        "without_bytes": without,
        "with_bytes": with_policy,
        "times": round(with_policy / without, 3),
        "first_s": round(first, 2),
        "edit_s": round(other, 2),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
