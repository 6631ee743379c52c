"""Desired objects -> the cluster: server-side apply, drift repaired, what is not wanted any more deleted.

Only objects that carry our label are ever touched: one of the same name that somebody else made is left alone, and
said to be in the way. https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from gatewayd.kube.client import CONNECTION_ERRORS, ApiError, KubeClient, Where
from gatewayd.kube.replicas import hand_over_replicas
from gatewayd.kube.status_writer import Leadership, OnWrite

FIELD_MANAGER: Final = "gatewayd"
OWNED: Final = ("app.kubernetes.io/managed-by", "gatewayd")
RETRY_SECONDS: Final = 2.0
TAKEN_SECONDS: Final = 30.0
"""How soon to look again whether a name that somebody else has is free: no watch of ours would tell."""
NOT_FOUND: Final = 404

PLURALS: Final[Mapping[str, str]] = {
    "ConfigMap": "configmaps",
    "DaemonSet": "daemonsets",
    "Deployment": "deployments",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "NetworkPolicy": "networkpolicies",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Secret": "secrets",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}

_log = structlog.get_logger("gatewayd.kube.applier")

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """An object of a kind that we make."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def path(self) -> str:
        """Return the object's URL path."""
        plural = PLURALS[self.kind]
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


class _Meta(msgspec.Struct, rename="camel"):
    labels: dict[str, str] = {}
    owner_references: list[dict[str, Any]] = []


class _Found(msgspec.Struct):
    metadata: _Meta


class Applier:
    """Brings objects to what they shall be, one group (a Gateway) at a time."""

    def __init__(self, *, client: KubeClient, leadership: Leadership, on_write: OnWrite) -> None:
        """`on_write` hears the kind, and "written", "taken" or "failed", of each object."""
        self._on_write = on_write
        self._client = client
        self._leadership = leadership
        self._wanted: dict[str, dict[ObjectName, Document]] = {}
        self._extra: dict[str, set[ObjectName]] = {}
        self._due: dict[str, None] = {}
        self._wake = asyncio.Event()

    def want(self, group: str, documents: tuple[Document, ...]) -> None:
        """Set what shall be there for a group; none at all deletes what was."""
        before = self._wanted.get(group, {})
        now = {name_of(each): each for each in documents}
        if before == now:
            return
        self._extra.setdefault(group, set()).update(before.keys() - now.keys())
        self._extra[group] -= now.keys()
        self._wanted[group] = now
        self._mark(group)

    def keep(self, group: str, documents: tuple[Document, ...]) -> None:
        """Set documents beside what is there for a group; nothing is deleted."""
        now = {**self._wanted.get(group, {}), **{name_of(each): each for each in documents}}
        self.want(group, tuple(now.values()))

    def drifted(self, name: ObjectName) -> None:
        """Hear that an object of ours was changed or deleted by somebody."""
        for group, wanted in self._wanted.items():
            if name in wanted:
                self._mark(group)

    def became_leader(self) -> None:
        """Look at everything again."""
        for group in self._wanted:
            self._mark(group)

    def _mark(self, group: str) -> None:
        self._due[group] = None
        self._wake.set()

    async def run(self) -> None:
        """Apply until cancelled."""
        while True:
            if not self._due or not self._leadership.is_leader():
                self._wake.clear()
                await self._wake.wait()
                continue
            group = next(iter(self._due))
            del self._due[group]
            try:
                await self._bring(group)
            except (ApiError, *CONNECTION_ERRORS) as error:
                _log.warning("infrastructure not applied", gateway=group, error=str(error) or repr(error))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._mark, group)

    async def _bring(self, group: str) -> None:
        for name, document in tuple(self._wanted.get(group, {}).items()):
            if not self._leadership.is_leader():
                return  # whoever leads next looks at everything
            if await self._is_free(name):
                await self._apply(name, document)
            else:
                asyncio.get_running_loop().call_later(TAKEN_SECONDS, self._mark, group)
        for name in tuple(self._extra.get(group, ())):
            if not self._leadership.is_leader():
                return
            await self._delete(name)
            self._extra[group].discard(name)
        if not self._wanted.get(group):
            self._wanted.pop(group, None)
            self._extra.pop(group, None)

    async def _apply(self, name: ObjectName, document: Document) -> None:
        query = [("fieldManager", FIELD_MANAGER), ("force", "true")]
        try:
            await hand_over_replicas(self._client, name.path(), document, FIELD_MANAGER)
            await self._client.request("PATCH", name.path(), query=query, body=document, content="apply-patch+yaml")
        except (ApiError, *CONNECTION_ERRORS):
            self._on_write(name.kind, "failed")
            raise
        self._on_write(name.kind, "written")

    async def _is_free(self, name: ObjectName) -> bool:
        """Return whether the name is unused or its object is ours."""
        found = await self._found(name)
        if found is None or found.metadata.labels.get(OWNED[0]) == OWNED[1]:
            return True
        self._on_write(name.kind, "taken")
        _log.error("an object of somebody else has the name", kind=name.kind, namespace=name.namespace, name=name.name)
        return False

    async def _found(self, name: ObjectName) -> _Found | None:
        try:
            return msgspec.json.decode(await self._client.request("GET", name.path()), type=_Found)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    async def _delete(self, name: ObjectName) -> None:
        found = await self._found(name)
        if found is None or found.metadata.labels.get(OWNED[0]) != OWNED[1]:
            return
        try:
            await self._client.request("DELETE", name.path(), query=[("propagationPolicy", "Background")])
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
