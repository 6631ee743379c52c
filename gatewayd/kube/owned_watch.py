"""Watches of what we made, to know what there is for whom, and to hear when somebody else changes or deletes it.

Only what a person could have meant is compared: status, versions and managed fields come and go by themselves, and an
annotation is ours or not by the manager of its field.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final, Protocol

import msgspec

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.kinds import Kind
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.infra.made_kinds import MADE_KINDS
from gatewayd.kube.listing import Listing, ReadObject, Undecodable, decode_head
from gatewayd.kube.made_object import ObjectName, OwnedMeta
from gatewayd.kube.reflector import Selection
from gatewayd.store import Delta


def owned_by(manager: str) -> Selection:
    """Return what an installation made, by its mark (`own_group.manager`)."""
    return Selection(fields="", labels=f"{MANAGED_BY}={manager}")


class OwnedObject(KubernetesObject, frozen=True, kw_only=True):
    """Stands for objects that the translator never sees."""


OWNED_KINDS: Final[tuple[Kind, ...]] = tuple(
    Kind(
        group=made.group,
        version=made.version,
        plural=made.plural,
        kind=made.kind,
        namespaced=True,
        struct=OwnedObject,
        accepted_versions=(made.version,),
        statused=False,
    )
    for made in MADE_KINDS
)


class _Meant(msgspec.Struct):
    """The parts of an object that its maker writes."""

    metadata: dict[str, Any] = {}
    spec: Any = None
    data: Any = None

    def comparable(self, manager: str) -> tuple[Any, ...]:
        """Return what differs only when somebody meant it."""
        meta = self.metadata
        return (meta.get("labels"), _own_annotations(meta, manager), meta.get("ownerReferences"), self.spec, self.data)

    def owners(self, manager: str) -> frozenset[ObjectKey]:
        """Return the Gateways that the object was made for."""
        return msgspec.convert(self.metadata, OwnedMeta).gateways(manager)


def _own_annotations(meta: Mapping[str, Any], manager: str) -> Mapping[str, str]:
    """Return the annotations that we set, as the API server has it; one that somebody else set is no longer ours.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    ours = {
        field
        for each in meta.get("managedFields") or ()
        if each.get("manager") == manager
        for field in each.get("fieldsV1", {}).get("f:metadata", {}).get("f:annotations", {})
    }
    return {name: value for name, value in (meta.get("annotations") or {}).items() if f"f:{name}" in ours}


class OwnedObjectHandler(Protocol):
    """Who hears of objects that were made for Gateways."""

    def complete(self) -> None:
        """Hear that everything that there is has been told."""

    def appeared(self, gateway: ObjectKey, name: ObjectName) -> None:
        """Hear that an object of a Gateway is seen for the first time."""

    def drifted(self, gateway: ObjectKey) -> None:
        """Hear that an object of a Gateway was changed or deleted."""


class OwnedObjects:
    """What the cluster holds, by the Gateway that it was made for."""

    def __init__(self, audience: OwnedObjectHandler) -> None:
        self.audience = audience
        self._made_for: dict[ObjectKey, set[ObjectName]] = {}
        self._unlisted = {kind.kind for kind in OWNED_KINDS}

    @property
    def complete(self) -> bool:
        """Whether everything that there is has been told."""
        return not self._unlisted

    def made_for(self, gateway: ObjectKey) -> frozenset[ObjectName]:
        """Return the objects that are owned by the Gateway."""
        return frozenset(self._made_for.get(gateway, ()))

    def gateways(self) -> tuple[ObjectKey, ...]:
        """Return the Gateways that anything was made for."""
        return tuple(self._made_for)

    def listed(self, kind: str) -> None:
        """Take note that everything of a kind has been told."""
        if kind in self._unlisted:
            self._unlisted.discard(kind)
            if self.complete:
                self.audience.complete()

    def put(self, name: ObjectName, owners: frozenset[ObjectKey]) -> None:
        """Take note of whom an object was made for."""
        for gateway in owners:
            self._made_for.setdefault(gateway, set()).add(name)

    def drop(self, name: ObjectName, owners: frozenset[ObjectKey]) -> None:
        """Take note that an object is there for them no longer."""
        for gateway in owners:
            names = self._made_for.get(gateway, set())
            names.discard(name)
            if not names:
                self._made_for.pop(gateway, None)


class OwnedListing(Listing):
    """Yields no Delta; tells `objects`, and its audience, what there is and what somebody else did to it."""

    def __init__(self, kind: Kind, objects: OwnedObjects, manager: str) -> None:
        super().__init__(kind, undecodable=_unheard, live=_unseen)
        self._objects = objects
        self._manager = manager
        self._meant: dict[ObjectKey, tuple[bytes, frozenset[ObjectKey]]] = {}

    def listed(self, version: str) -> Iterator[Delta]:
        """End a list."""
        yield from super().listed(version)
        self._objects.listed(self.kind.kind)

    def _read(self, raw: msgspec.Raw) -> ReadObject:
        return ReadObject(key=decode_head(raw).key, data=bytes(raw), found=None)

    def _put(self, read: ReadObject) -> Iterator[Delta]:
        meant = msgspec.json.decode(read.data, type=_Meant)
        name, now, owners = self._name(read.key), _digest(meant, self._manager), meant.owners(self._manager)
        before = self._meant.get(read.key)
        self._meant[read.key] = (now, owners)
        if before is None:
            self._objects.put(name, owners)
            for gateway in sorted(owners):
                self._objects.audience.appeared(gateway, name)
        elif before[0] != now:
            self._objects.drop(name, before[1] - owners)
            self._objects.put(name, owners)
            self._drifted(owners | before[1])
        return iter(())

    def _remove(self, key: ObjectKey) -> Iterator[Delta]:
        before = self._meant.pop(key, None)
        if before is not None:
            self._objects.drop(self._name(key), before[1])
            self._drifted(before[1])
        return iter(())

    def _drifted(self, gateways: frozenset[ObjectKey]) -> None:
        for gateway in sorted(gateways):
            self._objects.audience.drifted(gateway)

    def _name(self, key: ObjectKey) -> ObjectName:
        return ObjectName(
            api_version=self.kind.api_version, kind=self.kind.kind, namespace=key.namespace, name=key.name
        )


def _digest(meant: _Meant, manager: str) -> bytes:
    """Return what stands for the parts that are compared: they themselves may be large, and Secrets."""
    return blake2b(msgspec.json.encode(meant.comparable(manager), order="sorted"), digest_size=16).digest()


def _unheard(_note: Undecodable) -> None:
    """Objects of ours are not decoded."""


def _unseen(_key: ObjectKey, _raw: bytes | None) -> None:
    """Nobody keeps their statuses."""
