"""Two Translations -> what differs: resources of each Gateway, connections that end, statuses.

Nothing is compared here but what Envoy and users would see; an edit that changes neither leaves no trace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gatewayd.diff.fields import FieldChange, field_changes
from gatewayd.ir.fleet import FleetKey
from gatewayd.offline.translation import ObjectStatus, Translation
from gatewayd.xds.drained_connections import Drain, drains
from gatewayd.xds.dump import JSON, resource_json
from gatewayd.xds.resource import XDS_TYPES, Resource, Snapshot
from gatewayd.xds.resource_map import differing_names

_PASSING = frozenset({"observedGeneration", "lastTransitionTime"})


class Way(StrEnum):
    """How something changes."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One xDS resource; `type` as "RDS". `fields` only for a change."""

    type: str
    name: str
    way: Way
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayChange:
    """What changes in the Envoys of one Gateway, and which connections end."""

    fleet: FleetKey
    way: Way
    resources: tuple[ResourceChange, ...]
    drains: tuple[Drain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What changes in the status of one object, "HTTPRoute default/shop"."""

    object: str
    way: Way
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that changes; both empty when nothing does."""

    gateways: tuple[GatewayChange, ...]
    statuses: tuple[StatusChange, ...]


def difference(old: Translation, new: Translation) -> Difference:
    """Compare what two sets of manifests lead to."""
    gateways = gateway_changes(old.reconciler.snapshots, new.reconciler.snapshots)
    return Difference(gateways=tuple(gateways), statuses=tuple(_statuses(old, new)))


def gateway_changes(before: Mapping[FleetKey, Snapshot], after: Mapping[FleetKey, Snapshot]) -> Iterator[GatewayChange]:
    """Yield what changes in the Envoys of each Gateway that is not as it was."""
    for fleet in sorted({*before, *after}):
        one, other = before.get(fleet), after.get(fleet)
        if one is not None and other is not None and one.version == other.version:
            continue
        yield GatewayChange(
            fleet=fleet,
            way=_way(one, other),
            resources=tuple(_resources(one, other)),
            drains=drains(one, other),
        )


def _way(before: object | None, after: object | None) -> Way:
    if before is None:
        return Way.ADDED
    return Way.REMOVED if after is None else Way.CHANGED


def _resources(before: Snapshot | None, after: Snapshot | None) -> Iterator[ResourceChange]:
    for row in XDS_TYPES:
        old = before.of(row.url) if before is not None else {}
        new = after.of(row.url) if after is not None else {}
        for name in sorted(differing_names(old, new)):
            one, other = old.get(name), new.get(name)
            yield ResourceChange(type=row.short, name=name, way=_way(one, other), fields=_fields(one, other))


def _fields(before: Resource | None, after: Resource | None) -> tuple[FieldChange, ...]:
    if before is None or after is None:
        return ()
    found = tuple(field_changes(resource_json(before), resource_json(after)))
    # What is not shown (a private key) may be all that differs.
    return found or (FieldChange(path="(private)", before="<redacted>", after="<redacted>"),)


def _statuses(old: Translation, new: Translation) -> Iterator[StatusChange]:
    before, after = _by_object(old.statuses), _by_object(new.statuses)
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        fields = () if one is None or other is None else tuple(field_changes(one, other))
        yield StatusChange(object=name, way=_way(one, other), fields=fields)


def _by_object(statuses: tuple[ObjectStatus, ...]) -> dict[str, JSON]:
    return {f"{each.kind} {each.key}": _lasting(each.status) for each in statuses}


def _lasting(value: JSON) -> JSON:
    """Drop what changes with every edit."""
    return {key: _lasting_value(each) for key, each in value.items() if key not in _PASSING}


def _lasting_value(value: object) -> object:
    if isinstance(value, dict):
        return _lasting(value)
    return [_lasting_value(each) for each in value] if isinstance(value, list) else value
