"""Secrets and ConfigMaps one by one: fetched when an object refers to them, again when they change, else dropped.

In: which there are and in which version (watches of metadata alone), what the core refers to, and objects on their way
to the core. Out: rows, and Unread rows for what cannot be had. Rules:

- the last good content stands until a newer one has come, and while it cannot be read;
- an object that begins to refer to something unread waits for that, though not for long, so that no listener loses its
  certificate between two of them;
- the two kinds count as synced when everything that is referred to has been answered once, be it by a refusal.
https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.decode import Decoded, Rejected, decode_bytes
from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.meta import KubernetesObject
from gatewayd.incremental.view import Member
from gatewayd.ir.contents import Unread
from gatewayd.ir.limits import CONTENT_READERS, LONGEST_HOLD_SECONDS, LONGEST_PARAMETER
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, NotFoundError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.lease import Everyone
from gatewayd.kube.listing import Note, Undecodable, decode_head
from gatewayd.kube.reflector import Submit, Timing
from gatewayd.kube.work_queue import Failure, Label, Pacing, SpokenError, WorkQueue
from gatewayd.store import Delta, Event, Synced
from gatewayd.translator.contents import CONTENT_TABLES, Content

NAME: Final = "contents"
PATIENCE: Final = 3
"""Requests in a row without an answer, after which something counts as unreadable; a refusal is an answer."""
CERTIFICATE_KEYS: Final = frozenset({"tls.crt", "tls.key", "ca.crt", "ca.crl"})
"""What is read of a Secret with certificates, which may hold more, such as stores of keys; the rest is not kept."""

ContentsOf = Callable[[KubernetesObject], frozenset[Content]]


@dataclass(slots=True, kw_only=True)
class _Held:
    """An object that is held until the contents that it refers to are read."""

    delta: Delta
    contents: frozenset[Content]
    unread: set[Content]


class Contents:
    """Follows what the core refers to (`want`). Give it heads (`hear`), ends of lists and objects (`pass_on`)."""

    def __init__(
        self,
        *,
        client: KubeClient,
        submit: Submit,
        contents_of: ContentsOf,
        undecodable: Note,
        timing: Timing,
        on_failure: Callable[[str], None],
    ) -> None:
        """`contents_of` tells what an object that is not in the store yet refers to and may refer to.

        `on_failure` hears "contents" for every attempt to read something that failed.
        """
        self._client = client
        self._submit = submit
        self._contents_of = contents_of
        self._undecodable = undecodable
        self._on_failure = on_failure
        self._heads: dict[Content, str] = {}
        self._read: dict[Content, str] = {}
        self._unread: set[Content] = set()
        self._wants: dict[Member, frozenset[Content]] = {}
        self._users: Counter[Content] = Counter()
        self._held: dict[Hashable, _Held] = {}
        # Let go, and perhaps not yet seen by the core.
        self._leaving: set[Content] = set()
        self._listed: set[str] = set()
        self._others_synced = self._synced = False
        self._queue: WorkQueue[Content] = WorkQueue(
            name=NAME,
            work=self._fetch,
            label=lambda content: Label(content.key.namespace, f"{content.kind} {content.key}"),
            leadership=Everyone(),
            pacing=Pacing(workers=CONTENT_READERS, backoff=timing.backoff, random=timing.random),
            on_failure=self._failed,
        )

    # --- what comes in ------------------------------------------------------------------------------------------

    def hear(self, content: Content, version: str | None) -> None:
        """Record the version of an object; None: it is gone."""
        if version is None:
            self._heads.pop(content, None)
            self._forget(content)
            self._answered(content)
        elif self._heads.get(content) != version:
            self._heads[content] = version
            if self._is_needed(content) and self._is_due(content):
                self._queue.add(content)

    def listed(self, events: Iterable[Event]) -> None:
        """Take what the reflector of a kind submits: that it has been listed once."""
        for event in events:
            if isinstance(event, Synced):
                self._listed.add(event.kind.__name__)
        self._look()

    def pass_on(self, events: Iterable[Event]) -> None:
        """Submit objects; those that begin to refer to something unread a little later."""
        through: list[Event] = []
        for event in events:
            if isinstance(event, Delta):
                self._let_go(event.kind, event.key)
                if self._synced and self._holds(event):
                    continue
            through.append(event)
        if through:
            self._submit(through)

    def want(self, changes: Mapping[Member, frozenset[Content]], waiting_for: frozenset[str]) -> None:
        """Take what objects refer to now, where that differs (see gatewayd.reconciler.Follower)."""
        maybe_unused = self._leaving
        self._leaving = set()
        for member, contents in changes.items():
            before = self._wants.pop(member, frozenset())
            if contents:
                self._wants[member] = contents
            self._users.update(contents - before)
            self._users.subtract(before - contents)
            maybe_unused |= before - contents
            for content in sorted(contents - before):
                if self._is_due(content):
                    self._queue.add(content)
        for content in sorted(maybe_unused):
            if not self._is_needed(content):
                self._forget(content)
        self._others_synced = waiting_for <= CONTENT_TABLES.keys()
        self._look()

    # --- objects that wait --------------------------------------------------------------------------------------

    def _holds(self, delta: Delta) -> bool:
        if not isinstance(delta.obj, KubernetesObject):
            return False
        contents = self._contents_of(delta.obj)
        unread = {each for each in contents if self._is_awaited(each)}
        if not unread:
            return False
        held = _Held(delta=delta, contents=contents, unread=unread)
        self._held[delta.kind, delta.key] = held
        for content in sorted(unread):
            self._queue.add(content)
        asyncio.get_running_loop().call_later(LONGEST_HOLD_SECONDS, self._release, held)
        return True

    def _release(self, held: _Held) -> None:
        at = (held.delta.kind, held.delta.key)
        if self._held.get(at) is held:
            self._let_go(*at)
            self._submit((held.delta,))

    def _let_go(self, kind: type[Any], key: Hashable) -> None:
        held = self._held.pop((kind, key), None)
        if held is not None:
            self._leaving |= held.contents

    def _answered(self, content: Content) -> None:
        """Submit the objects that waited for this content."""
        for held in tuple(self._held.values()):
            held.unread.discard(content)
            if not held.unread:
                self._release(held)
        self._look()

    # --- what is needed -----------------------------------------------------------------------------------------

    def _is_needed(self, content: Content) -> bool:
        is_held = any(content in each.contents for each in self._held.values())
        return self._users[content] > 0 or is_held or content in self._leaving

    def _is_due(self, content: Content) -> bool:
        return content in self._heads and self._read.get(content) != self._heads[content]

    def _is_awaited(self, content: Content) -> bool:
        """Return whether an object exists of which nothing is known yet, not even that it cannot be read."""
        return content in self._heads and content not in self._read and content not in self._unread

    def _look(self) -> None:
        """Submit `Synced` for both kinds as soon as everything has been read once."""
        if self._synced or not self._others_synced or not self._listed >= CONTENT_TABLES.keys():
            return
        if not any(users > 0 and self._is_awaited(content) for content, users in self._users.items()):
            self._synced = True
            self._submit(tuple(Synced(kind=table) for table in CONTENT_TABLES.values()))

    def _forget(self, content: Content) -> None:
        gone: list[Event] = []
        if self._read.pop(content, None) is not None:
            gone.append(Delta(kind=CONTENT_TABLES[content.kind], key=content.key, obj=None))
        gone += self._readable(content)
        self._queue.forget(content)
        if not self._users[content]:
            del self._users[content]
        if gone:
            self._submit(gone)

    # --- requests -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Fetch until cancelled."""
        await self._queue.run()

    async def _fetch(self, content: Content) -> None:
        if not self._is_needed(content):
            return
        kind = BY_STRUCT[CONTENT_TABLES[content.kind]]
        where = Where(api_version="v1", plural=kind.plural, namespace=content.key.namespace, name=content.key.name)
        try:
            self._take(content, await self._client.request("GET", where.path("")))
        except NotFoundError:
            # Its watch will tell, or has told.
            self._answered(content)

    def _take(self, content: Content, data: bytes) -> None:
        if not self._is_needed(content) or content not in self._heads:
            return
        kind = BY_STRUCT[CONTENT_TABLES[content.kind]]
        decoded = _decoded(kind, data)
        self._read[content] = decode_head(data).metadata.resource_version
        if isinstance(decoded, Decoded):
            row = Delta(kind=kind.struct, key=content.key, obj=_trimmed(decoded.obj))
            self._submit((row, *self._readable(content)))
        else:
            message = "; ".join(str(problem) for problem in decoded.problems)
            self._undecodable(Undecodable(kind=kind, key=content.key, message=message))
            self._unreadable(content, "cannot be understood")
        self._answered(content)

    def _failed(self, failure: Failure[Content]) -> None:
        """Report that a content cannot be read; after a connection error only when several came in a row."""
        self._on_failure(NAME)
        content, error = failure.key, failure.error
        if isinstance(error, CONNECTION_ERRORS) and failure.count < PATIENCE:
            return
        self._unreadable(
            content, f"cannot be read; {error if isinstance(error, (ApiError, SpokenError)) else repr(error)}"
        )
        self._answered(content)

    def _unreadable(self, content: Content, why: str) -> None:
        self._unread.add(content)
        self._submit((Delta(kind=Unread, key=content, obj=Unread(why=why)),))

    def _readable(self, content: Content) -> tuple[Delta, ...]:
        if content not in self._unread:
            return ()
        self._unread.discard(content)
        return (Delta(kind=Unread, key=content, obj=None),)


def _decoded(kind: Kind, data: bytes) -> Decoded | Rejected:
    """Decode an object. Raises SpokenError for whatever a decoder fails of: what it says may quote a Secret."""
    try:
        return decode_bytes(kind, data)
    except Exception as error:  # noqa: BLE001
        raise SpokenError(f"{type(error).__name__} while it was decoded") from None


def _trimmed(obj: KubernetesObject) -> KubernetesObject:
    """Keep what is read: of a Secret certificates, or else all, since passwords and keys stand below names of any kind.

    Values of a ConfigMap are those of a CA, or parameters and scripts, which nobody takes at length.
    """
    if isinstance(obj, Secret):
        certificates = {key: value for key, value in obj.data.items() if key in CERTIFICATE_KEYS}
        return replace(obj, data=certificates or obj.data)
    if isinstance(obj, ConfigMap):
        return replace(obj, data={key: _shortened(key, value) for key, value in obj.data.items()}, binary_data={})
    return obj


def _shortened(key: str, value: str) -> str:
    return value if key in CERTIFICATE_KEYS else value[:LONGEST_PARAMETER]
