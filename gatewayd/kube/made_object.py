"""An object that is made for a Gateway: which one it is, whose it is, and how ready it is if it is a workload.

Ours is what carries our label. Made for a Gateway is what is ours, named after that Gateway, and has it for its owner:
only that is ever deleted. https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.infra.layout import certificate_secret
from gatewayd.infra.made_kinds import BY_NAME
from gatewayd.ir.infrastructure import object_name
from gatewayd.kube.client import Where

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """An object of a kind that we make."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.namespace}/{self.name}"'

    def path(self) -> str:
        """Return the object's URL path."""
        plural = BY_NAME[self.kind].plural
        return Where(api_version=self.api_version, plural=plural, namespace=self.namespace, name=self.name).path("")


def name_of(document: Document) -> ObjectName:
    """Return which object a document is."""
    metadata = document["metadata"]
    return ObjectName(
        api_version=document["apiVersion"],
        kind=document["kind"],
        namespace=metadata["namespace"],
        name=metadata["name"],
    )


class OwnerReference(msgspec.Struct, rename="camel"):
    """An entry of `metadata.ownerReferences`."""

    api_version: str = ""
    kind: str = ""
    name: str = ""


class OwnedMeta(msgspec.Struct, rename="camel"):
    """What tells whose an object is."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    owner_references: list[OwnerReference] = []

    def is_of(self, manager: str) -> bool:
        """Return whether the object carries the mark of an installation (`own_group.manager`)."""
        return self.labels.get(MANAGED_BY) == manager

    def gateways(self, manager: str) -> frozenset[ObjectKey]:
        """Return the Gateways that `manager` made the object for: it is marked, they own it, it is named after them.

        A copy under another name is whoever's made it, whatever it carries.
        """
        if not self.is_of(manager):
            return frozenset()
        owners = (
            each.name
            for each in self.owner_references
            if each.kind == "Gateway" and each.api_version.startswith(f"{GATEWAY_GROUP}/")
        )
        return frozenset(
            ObjectKey(self.namespace, owner) for owner in owners if self.name in _names_for(self.namespace, owner)
        )


def _names_for(namespace: str, gateway: str) -> tuple[str, ...]:
    """Return the names that objects have that are made for a Gateway."""
    name = object_name(namespace, gateway)
    return (name, certificate_secret(name))


class _Replicas(msgspec.Struct, rename="camel"):
    replicas: int = 1


class _WorkloadStatus(msgspec.Struct, rename="camel"):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    desired_number_scheduled: int = 0


class LiveObject(msgspec.Struct):
    """An object as it stands; of a workload also how ready it is."""

    metadata: OwnedMeta
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    status: msgspec.Raw = msgspec.Raw(b"{}")

    def is_ready(self, kind: str) -> bool:
        """Return whether all the pods that a workload shall have are ready; a DaemonSet without a node never is."""
        status = msgspec.json.decode(self.status, type=_WorkloadStatus)
        if status.observed_generation < self.metadata.generation:
            return False
        if kind == "DaemonSet":
            return 0 < status.desired_number_scheduled <= status.number_ready
        return self._wanted() <= status.ready_replicas

    def has_rolled(self, kind: str) -> bool:
        """Return whether all the pods of a workload are of its present template, and ready.

        https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment
        """
        status = msgspec.json.decode(self.status, type=_WorkloadStatus)
        if status.observed_generation < self.metadata.generation:
            return False
        if kind == "DaemonSet":
            return status.desired_number_scheduled <= min(status.updated_number_scheduled, status.number_ready)
        return self._wanted() <= min(status.updated_replicas, status.ready_replicas) == status.replicas

    def _wanted(self) -> int:
        return msgspec.json.decode(self.spec, type=_Replicas).replicas
