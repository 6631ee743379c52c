"""Keeps the Services that select the pods of XBackends; only the leader does.

One that is not wanted any more, since nobody sends traffic there, goes; that of an XBackend that is deleted goes with
it. A Service of that name that does not carry our mark, or is of another XBackend, is left alone.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Change
from gatewayd.infra.selecting_service import selecting_document
from gatewayd.ir.selected_pods import SelectingService
from gatewayd.kube.api_errors import NotFoundError
from gatewayd.kube.client import KubeClient
from gatewayd.kube.lease import Leadership
from gatewayd.kube.made_object import LiveObject, name_of
from gatewayd.kube.work_queue import Label, Pacing, WorkQueue

NAME: Final = "selecting service"
PACING: Final = Pacing(workers=1)


class SelectingServices:
    """Makes and deletes them."""

    def __init__(self, client: KubeClient, leadership: Leadership, on_failure: Callable[[str], None]) -> None:
        """`on_failure` hears NAME for each that could not be seen to."""
        self._client = client
        self._wanted: dict[ObjectKey, SelectingService] = {}
        self._queue: WorkQueue[ObjectKey] = WorkQueue(
            name=NAME,
            work=self._bring,
            label=lambda key: Label(key.namespace, f"XBackend {key}"),
            leadership=leadership,
            pacing=PACING,
            on_failure=lambda _failure: on_failure(NAME),
        )

    def hear(self, changes: Iterable[Change]) -> None:
        """Take what XBackends need now."""
        for change in changes:
            key = ObjectKey(*change.member.key)  # type: ignore[misc]
            if change.value is None:
                self._wanted.pop(key, None)
                self._queue.forget(key)
            else:
                self._wanted[key] = change.value
                self._queue.add(key)

    def became_leader(self) -> None:
        """Look at all of them again: another one led since."""
        for key in self._wanted:
            self._queue.add(key)
        self._queue.wake()

    async def run(self) -> None:
        """Work until cancelled."""
        await self._queue.run()

    async def _bring(self, key: ObjectKey) -> None:
        wanted = self._wanted.get(key)
        if wanted is None:
            return
        document = selecting_document(wanted)
        path = name_of(document).path()
        live = await self._client.get(path, LiveObject)
        if live is not None and not self._is_ours(live, wanted):
            return
        if wanted.is_wanted:
            await self._client.apply(path, document)
        elif live is not None:
            preconditions = {"uid": live.metadata.uid}
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
            with suppress(NotFoundError):  # it went with its XBackend
                await self._client.request("DELETE", path, body=options)

    def _is_ours(self, live: LiveObject, wanted: SelectingService) -> bool:
        owned = any(each.kind == "XBackend" and each.name == wanted.backend for each in live.metadata.owner_references)
        return owned and live.metadata.is_of(self._client.manager)
