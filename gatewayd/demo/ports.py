"""Which port the demo's Gateway has, or can have.

In: a folder, the Envoy that will listen. Out: port numbers.
"""

from pathlib import Path

from gatewayd.api.gateway import Gateway
from gatewayd.demo.files import GATEWAY
from gatewayd.manifests.read_once import read_paths
from gatewayd.supervisor.ports import Free, PortWish, check_port

_TRIED = 100


def free_port(first: int, envoy: Path) -> int:
    """Return the first port from `first` on that Envoy can listen on; `first` when there is none near."""
    for port in range(first, first + _TRIED):
        wish = PortWish(port=port, protocol="TCP", owner=f"Gateway {GATEWAY}")
        if isinstance(check_port(wish, envoy), Free):
            return port
    return first


def gateway_port(folder: Path) -> int | None:
    """Return the port of the first listener of the demo's Gateway as its file says now, None when it has none."""
    for delta in read_paths([folder]).deltas:
        if isinstance(delta.obj, Gateway) and delta.obj.metadata.name == GATEWAY:
            return next((each.port for each in delta.obj.spec.listeners), None)
    return None
