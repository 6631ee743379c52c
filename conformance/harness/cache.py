"""Cluster-wide copies of a few kinds, kept by watches, for those who look objects up by name and wait for changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from conformance.harness.kubeapi import Api, Object


class Revision:
    """A number that grows with every change of the caches that share it."""

    def __init__(self) -> None:
        self.number = 0
        self._grown = asyncio.Event()

    def grow(self) -> None:
        """Count one more change and wake everyone who waits."""
        self.number += 1
        self._grown.set()
        self._grown = asyncio.Event()

    async def beyond(self, number: int, within: float) -> None:
        """Wait until the number is greater than `number`, or `within` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.number <= number:
                    await self._grown.wait()


class Cache:
    """Objects of one collection by (namespace, name)."""

    def __init__(self, api: Api, path: str, revision: Revision) -> None:
        self._api = api
        self._path = path
        self._revision = revision
        self._objects: dict[tuple[str, str], Object] = {}

    async def run(self) -> None:
        """Follow the collection for ever."""
        async for change in self._api.changes(self._path):
            metadata = change.object["metadata"]
            key = (metadata["namespace"], metadata["name"])
            if change.kind == "gone":
                self._objects.pop(key, None)
            else:
                self._objects[key] = change.object
            self._revision.grow()

    def get(self, namespace: str, name: str) -> Object | None:
        """Return the object, or None when the copy has none."""
        return self._objects.get((namespace, name))
