"""The API server of a simulation: objects, their history, and what the real one does with a write.

Optimistic concurrency, generations, server-side apply by one manager, deletion with finalizers, garbage collection by
owner, compaction. Everything happens at once: who asks is delayed elsewhere.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

import asyncio
import copy
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.documents import Json

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A collection or an object: `name` "" for a collection, `namespace` "" for all; `sub` is a subresource."""

    group: str
    plural: str
    namespace: str
    name: str
    sub: str


def place(path: str) -> Place:
    """Read the path of a URL."""
    parts = path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    return Place(
        group=group,
        plural=rest[0],
        namespace=namespace,
        name=rest[1] if len(rest) > 1 else "",
        sub=rest[2] if len(rest) > 2 else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An object."""

    group: str
    plural: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the history: the object as it was then (for DELETED: last)."""

    version: int
    type: str
    key: Key
    document: Json


class RefusedError(Exception):
    """The server answers with an error."""

    def __init__(self, status: int, reason: str, message: str = "") -> None:
        super().__init__(f"{status} {reason} {message}")
        self.status, self.reason, self.message = status, reason, message or reason


class Feed:
    """The changes that one open watch has not told yet."""

    def __init__(self, backlog: Iterator[Change]) -> None:
        self.changes: deque[Change] = deque(backlog)
        self.news = asyncio.Event()

    def add(self, change: Change) -> None:
        """Take a change."""
        self.changes.append(change)
        self.news.set()


class ApiState:
    """All objects. `clock` gives seconds; `hooks` hear of every change at once, as controllers beside us do."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.objects: dict[Key, Json] = {}
        self.history: list[Change] = []
        self.version = 1000
        self.compacted = 0
        self.feeds: dict[Feed, None] = {}
        self.hooks: list[Callable[[Change], None]] = []
        self._clock = clock
        self._uids = 0

    # --- reading -----------------------------------------------------------------------------------------------

    def get(self, key: Key) -> Json:
        """Return an object; raises RefusedError 404."""
        if key not in self.objects:
            raise RefusedError(404, "NotFound", f"{key.plural} {key.name!r} not found")
        return self.objects[key]

    def listed(self, where: Place, selected: Callable[[Json], bool]) -> Iterator[Json]:
        """Yield the objects of a collection in order of their names."""
        for key in sorted(self.objects, key=lambda each: (each.namespace, each.name)):
            if within(where, key) and selected(self.objects[key]):
                yield self.objects[key]

    def of(self, plural: str) -> dict[tuple[str, str], Json]:
        """Return all objects of a plural by namespace and name."""
        return {(key.namespace, key.name): doc for key, doc in self.objects.items() if key.plural == plural}

    # --- writing -----------------------------------------------------------------------------------------------

    def create(self, key: Key, document: Json) -> Json:
        """Store a new object; raises RefusedError 409, or 403 in a namespace that is being deleted."""
        if key in self.objects:
            raise RefusedError(409, "AlreadyExists")
        self._uids += 1
        metadata = {
            **document.get("metadata", {}),
            "name": key.name,
            "uid": f"uid-{self._uids:05d}",
            "creationTimestamp": self.stamp(),
            "generation": 1,
        }
        if key.namespace:
            metadata["namespace"] = key.namespace
        return self._store("ADDED", key, {**document, "metadata": metadata})

    def update(self, key: Key, document: Json, *, status_only: bool = False) -> Json:
        """Replace an object, or its status; raises RefusedError 404 or 409."""
        before = self.get(key)
        expected = document.get("metadata", {}).get("resourceVersion")
        if expected not in (None, "", before["metadata"]["resourceVersion"]):
            raise RefusedError(409, "Conflict", "the object has been modified")
        if status_only:
            return self._replace(key, {**before, "status": document.get("status", {})})
        kept = {name: before[name] for name in ("status",) if name in before}
        return self._replace(key, {**document, **kept})

    def merge(self, key: Key, patch: Json, *, status_only: bool) -> Json:
        """Apply a JSON merge patch."""
        before = self.get(key)
        expected = patch.get("metadata", {}).get("resourceVersion")
        if expected not in (None, "", before["metadata"]["resourceVersion"]):
            raise RefusedError(409, "Conflict", "the object has been modified")
        wanted = {name: value for name, value in patch.items() if name == "status"} if status_only else patch
        return self._replace(key, merged(before, wanted))

    def apply(self, key: Key, document: Json, *, status_only: bool) -> Json:
        """Apply on the server's side, with force: what the one manager says counts; the rest stays."""
        if key not in self.objects:
            return self.create(key, document)
        before = self.objects[key]
        if status_only:
            return self._replace(key, {**before, "status": document.get("status", {})})
        after = {**before, **{name: value for name, value in document.items() if name not in ("metadata", "status")}}
        return self._replace(key, {**after, "metadata": {**before["metadata"], **document.get("metadata", {})}})

    def touch(self, key: Key) -> None:
        """Write an object as somebody would whom we do not know."""
        document = self.objects.get(key)
        if document is not None:
            annotations = {**document["metadata"].get("annotations", {}), "example.com/touched": str(self.version)}
            self._replace(key, {**document, "metadata": {**document["metadata"], "annotations": annotations}})

    def delete(self, key: Key) -> None:
        """Delete an object and what it owns; one with finalizers is only marked."""
        before = self.get(key)
        if before["metadata"].get("finalizers"):
            if "deletionTimestamp" not in before["metadata"]:
                self._replace(key, {**before, "metadata": {**before["metadata"], "deletionTimestamp": self.stamp()}})
            return
        self._remove(key)

    def _remove(self, key: Key) -> None:
        document = self.objects.pop(key)
        uid = document["metadata"]["uid"]
        self._note("DELETED", key, self._versioned(document))
        for owned, each in list(self.objects.items()):
            owners = each["metadata"].get("ownerReferences", ())
            if any(owner.get("uid") == uid for owner in owners) and owned in self.objects:
                self.delete(owned)

    def _replace(self, key: Key, document: Json) -> Json:
        before = self.objects[key]
        metadata = {**before["metadata"], **document.get("metadata", {})}
        metadata |= {name: before["metadata"][name] for name in ("uid", "creationTimestamp")}
        changed = before.get("spec") != document.get("spec")
        metadata["generation"] = before["metadata"].get("generation", 1) + changed
        metadata["resourceVersion"] = before["metadata"]["resourceVersion"]
        after = {**document, "metadata": metadata}
        if after == before:
            return before  # a write that changes nothing is no event
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            self.objects[key] = after
            self._remove(key)
            return after
        return self._store("MODIFIED", key, after)

    def _store(self, kind: str, key: Key, document: Json) -> Json:
        self.objects[key] = self._versioned(copy.deepcopy(document))
        self._note(kind, key, self.objects[key])
        return self.objects[key]

    def _versioned(self, document: Json) -> Json:
        self.version += 1
        return {**document, "metadata": {**document["metadata"], "resourceVersion": str(self.version)}}

    def _note(self, kind: str, key: Key, document: Json) -> None:
        change = Change(version=self.version, type=kind, key=key, document=document)
        self.history.append(change)
        for feed in self.feeds:
            feed.add(change)
        for hook in self.hooks:
            hook(change)

    def feed(self, since: int) -> Feed:
        """Open a watch of all that changes after a version; raises RefusedError 410."""
        if since < self.compacted:
            raise RefusedError(410, "Expired", "too old resource version")
        feed = Feed(change for change in self.history if change.version > since)
        self.feeds[feed] = None
        return feed

    def compact(self) -> None:
        """Forget the history: watches that are behind get 410."""
        self.compacted = self.version
        self.history.clear()

    def stamp(self) -> str:
        """Return the time of now as Kubernetes writes it."""
        return (EPOCH + timedelta(seconds=self._clock())).strftime("%Y-%m-%dT%H:%M:%SZ")


def within(where: Place, key: Key) -> bool:
    """Return whether an object is in a collection."""
    return where.plural == key.plural and where.group == key.group and where.namespace in ("", key.namespace)


def merged(before: Any, patch: Any) -> Any:
    """Return what a JSON merge patch makes: https://www.rfc-editor.org/rfc/rfc7386."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(before) if isinstance(before, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def line(change_type: str, document: Json) -> bytes:
    """Return a line of a watch."""
    return json.dumps({"type": change_type, "object": document}).encode()
