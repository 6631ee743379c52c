"""Watches of what we made, to hear when somebody else changes or deletes it.

Only what a person could have meant is compared: status, versions and managed fields come and go by themselves.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey, Resource
from gatewayd.kube.applier import OWNED, PLURALS, ObjectName
from gatewayd.kube.listing import Listing, Read, Undecodable, decode_head
from gatewayd.kube.reflector import Selection
from gatewayd.store import Delta

OURS: Final = Selection(fields="", labels="=".join(OWNED))
_GROUPS: Final = {
    "DaemonSet": "apps",
    "Deployment": "apps",
    "HorizontalPodAutoscaler": "autoscaling",
    "NetworkPolicy": "networking.k8s.io",
    "PodDisruptionBudget": "policy",
}
_VERSIONS: Final = {"HorizontalPodAutoscaler": "v2"}


class OwnedObject(Resource, frozen=True, kw_only=True):
    """Stands for objects that the translator never sees."""


OWNED_KINDS: Final[tuple[Kind, ...]] = tuple(
    Kind(
        group=_GROUPS.get(name, ""),
        version=_VERSIONS.get(name, "v1"),
        plural=plural,
        kind=name,
        namespaced=True,
        struct=OwnedObject,
        accepted_versions=(_VERSIONS.get(name, "v1"),),
        statused=False,
    )
    for name, plural in PLURALS.items()
)


class _Meant(msgspec.Struct):
    """The parts of an object that its maker writes."""

    metadata: dict[str, Any] = {}
    spec: Any = None
    data: Any = None

    def comparable(self) -> tuple[Any, ...]:
        """Return what differs only when somebody meant it."""
        return (self.metadata.get("labels"), self.metadata.get("ownerReferences"), self.spec, self.data)


class OwnedListing(Listing):
    """Yields no Delta; calls `drifted` for every object that changes after it was first seen."""

    def __init__(self, kind: Kind, drifted: Callable[[ObjectName], None]) -> None:
        super().__init__(kind, undecodable=_unheard, live=_unseen)
        self._drifted = drifted
        self._meant: dict[ObjectKey, tuple[Any, ...]] = {}

    def _read(self, raw: msgspec.Raw) -> Read:
        return Read(key=decode_head(raw).key, data=bytes(raw), found=None)

    def _put(self, read: Read) -> Iterator[Delta]:
        now = msgspec.json.decode(read.data, type=_Meant).comparable()
        before = self._meant.get(read.key)
        self._meant[read.key] = now
        if before is not None and before != now:
            self._drifted(self._name(read.key))
        return iter(())

    def _remove(self, key: ObjectKey) -> Iterator[Delta]:
        self._meant.pop(key, None)
        self._drifted(self._name(key))
        return iter(())

    def _name(self, key: ObjectKey) -> ObjectName:
        return ObjectName(
            api_version=self.kind.api_version, kind=self.kind.kind, namespace=key.namespace, name=key.name
        )


def _unheard(_note: Undecodable) -> None:
    """Objects of ours are not decoded."""


def _unseen(_key: ObjectKey, _raw: bytes | None) -> None:
    """Nobody keeps their statuses."""
