"""What the proxies of Gateways shall have, as a run tells it <-> GetConfig of protos/gatewayd/v1/introspection.proto.

In: snapshots, and which part of them is wanted. Out: resources with versions and, when it is asked for, with contents
as values of JSON. Invariant: no private key, API key or password is in them (gatewayd/xds/dump.py).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.ir.fleet import FleetKey, fleet_key
from gatewayd.rpc import introspection_pb2 as pb
from gatewayd.xds.dump import resource_json, resource_of
from gatewayd.xds.resource import XDS_TYPES, Resource, Snapshot
from gatewayd.xds.resource import snapshot as whole_snapshot

GET_CONFIG: Final = "GetConfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChoice:
    """Which resources are wanted: of a Gateway ("namespace/name"), of a type ("RDS"), with `name` in it; "" is all."""

    gateway: str = ""
    type: str = ""
    name: str = ""
    with_content: bool = True

    def admits(self, fleet: FleetKey) -> bool:
        """Return whether resources of a Gateway are wanted."""
        return self.gateway in ("", str(fleet))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResource:
    """One resource that proxies shall have; `content` None: it was not asked for."""

    gateway: str
    type: str
    name: str
    version: str
    content: Any


def chosen(snapshots: Mapping[FleetKey, Snapshot], choice: ResourceChoice) -> Iterator[tuple[FleetKey, str, Resource]]:
    """Yield the resources that are wanted, with their Gateway and type, sorted."""
    for fleet, snapshot in sorted(snapshots.items()):
        for row in XDS_TYPES if choice.admits(fleet) else ():
            if choice.type.upper() not in ("", row.short):
                continue
            for name, resource in sorted(snapshot.of(row.url).items()):
                if choice.name in name:
                    yield fleet, row.short, resource


def published(fleet: FleetKey, short: str, resource: Resource, choice: ResourceChoice) -> PublishedResource:
    """Return a resource as it is told: to make its content may take as long as it is large."""
    return PublishedResource(
        gateway=str(fleet),
        type=short,
        name=resource.name,
        version=resource.version,
        content=resource_json(resource) if choice.with_content else None,
    )


def snapshots_of(resources: Iterable[PublishedResource]) -> dict[FleetKey, Snapshot]:
    """Return what is published as snapshots, without what is private. Raises ValueError for what cannot be read.

    Versions are those of the run, so that equal ones are equal whatever was left out.
    """
    by_fleet: dict[FleetKey, list[Resource]] = {}
    for each in resources:
        resource = resource_of(each.type, each.name, each.version, each.content or {})
        by_fleet.setdefault(fleet_key(each.gateway), []).append(resource)
    return {fleet: whole_snapshot(fleet, of_fleet) for fleet, of_fleet in by_fleet.items()}


def choice_request(choice: ResourceChoice) -> bytes:
    """Return a serialised GetConfigRequest."""
    message = pb.GetConfigRequest(
        gateway=choice.gateway, type=choice.type, name=choice.name, with_content=choice.with_content
    )
    return bytes(message.SerializeToString())


def choice_asked(data: bytes) -> ResourceChoice:
    """Read a serialised GetConfigRequest."""
    message = pb.GetConfigRequest.FromString(data)
    return ResourceChoice(
        gateway=message.gateway, type=message.type, name=message.name, with_content=message.with_content
    )


def published_encoded(resources: Iterable[PublishedResource]) -> bytes:
    """Return a serialised GetConfigResponse; several that follow one another are one."""
    message = pb.GetConfigResponse(
        resources=[
            pb.ConfigResource(
                gateway=each.gateway,
                type=each.type,
                name=each.name,
                version=each.version,
                json="" if each.content is None else json.dumps(each.content),
            )
            for each in resources
        ]
    )
    return bytes(message.SerializeToString())


def published_decoded(data: bytes) -> tuple[PublishedResource, ...]:
    """Read a serialised GetConfigResponse."""
    return tuple(
        PublishedResource(
            gateway=each.gateway,
            type=each.type,
            name=each.name,
            version=each.version,
            content=json.loads(each.json) if each.json else None,
        )
        for each in pb.GetConfigResponse.FromString(data).resources
    )
