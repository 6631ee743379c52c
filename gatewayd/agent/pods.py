"""The pods of this node: which address belongs to which namespace. Nothing else of a pod is kept.

Pods in the network of the host have the node's address, and are left out, as are those that have ended, whose address
another pod may have.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from gatewayd.api.core import ConfigMap
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.kube.client import KubeClient
from gatewayd.kube.heads import HeardListing
from gatewayd.kube.reflector import Reflector, Selection, Timing
from gatewayd.store import Event, Synced

_POD: Final = replace(BY_STRUCT[ConfigMap], plural="pods", kind="Pod")
_ENDED: Final = frozenset({"Succeeded", "Failed"})


class _PodAddress(msgspec.Struct):
    ip: str = ""


class _PodSpec(msgspec.Struct, rename="camel"):
    host_network: bool = False


class _PodStatus(msgspec.Struct):
    phase: str = ""
    pod_ips: list[_PodAddress] = msgspec.field(default_factory=list, name="podIPs")


class _Pod(msgspec.Struct):
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


class NodePods:
    """Keeps the addresses of a node's pods; `on_change` is called once all are listed, and when one comes or goes."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._addresses: dict[ObjectKey, tuple[str, ...]] = {}
        self._is_listed = False

    @property
    def namespaces(self) -> Mapping[str, str]:
        """Return the namespace of each address."""
        return {address: key.namespace for key, addresses in self._addresses.items() for address in addresses}

    def hear(self, key: ObjectKey, raw: bytes | None) -> None:
        """Take a pod as it stands now; None: it is gone."""
        addresses = _addresses(msgspec.json.decode(raw, type=_Pod)) if raw is not None else ()
        if addresses == self._addresses.get(key, ()):
            return
        if addresses:
            self._addresses[key] = addresses
        else:
            del self._addresses[key]
        if self._is_listed:
            self._on_change()

    def listed(self, events: Iterable[Event]) -> None:
        """Hear from the watch, which says once that it has read all pods."""
        if not self._is_listed and any(isinstance(each, Synced) for each in events):
            self._is_listed = True
            self._on_change()

    def forget(self) -> None:
        """Know of no pod any more: nobody watches them."""
        self._addresses.clear()
        self._is_listed = False
        self._on_change()

    def reflector(self, client: KubeClient, node: str, timing: Timing) -> Reflector:
        """Return what lists and watches the pods of a node."""
        return Reflector(
            client=client,
            listing=HeardListing(_POD, self.hear),
            selection=Selection(fields=f"spec.nodeName={node}"),
            submit=self.listed,
            timing=timing,
            on_restart=_counted_by_nobody,
        )


def _addresses(pod: _Pod) -> tuple[str, ...]:
    if pod.spec.host_network or pod.status.phase in _ENDED:
        return ()
    return tuple(each.ip for each in pod.status.pod_ips if each.ip)


def _counted_by_nobody(_kind: str) -> None:
    """Let it pass: the reflector has logged it."""
