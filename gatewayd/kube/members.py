"""Member clusters of a replica: who they are, by Secrets beside the control plane, and what becomes of each.

In: these Secrets as they stand. Out: rows, and what is kept of them for restarts. Rules:

- nothing is served before it is known what members said last: what is kept of them, or, where nothing is, what they
  say, or that they do not answer within some seconds;
- of two Secrets for one member the older counts; one that declares nothing good leaves a member as it was;
- a member that is removed has no new requests, and is gone after a while.
"""

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from gatewayd.api.core import Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import (
    MEMBER_DRAIN_SECONDS,
    MEMBER_FIRST_SECONDS,
    MEMBER_KEEP_SECONDS,
    MEMBER_LOOK_SECONDS,
    MEMBERS,
)
from gatewayd.ir.members import Exported
from gatewayd.kube.access import AccessError
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, wait_asked_for
from gatewayd.kube.heads import HeardListing
from gatewayd.kube.lease import Leadership
from gatewayd.kube.member import FollowedMember, MemberState
from gatewayd.kube.member_access import member_access
from gatewayd.kube.member_store import KeptMember, MemberStore
from gatewayd.kube.member_warnings import MemberWarning, MemberWarnings, WarningReason
from gatewayd.kube.member_watch import Connect, MemberWatch
from gatewayd.kube.reflector import Selection, Submit, Timing
from gatewayd.members.credentials import KUBECONFIG_KEY, Credentials, RefusedCredentials, credentials
from gatewayd.members.declaration import MEMBER_LABEL, MemberDeclaration, RefusedDeclaration, declared
from gatewayd.store import Event, Synced

_log = structlog.get_logger("gatewayd.kube.members")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """A Secret of a member, as it was read."""

    key: ObjectKey
    created: str
    declaration: MemberDeclaration
    credentials: Credentials | RefusedCredentials

    @property
    def order(self) -> tuple[str, ObjectKey]:
        return (self.created, self.key)


class MemberObserver(Protocol):
    """Who is told how members are."""

    def member_restarted(self, cluster: str) -> None:
        """Hear that a request to a member failed."""

    def member_states(self, states: tuple[MemberState, ...]) -> None:
        """Hear how all members are, from time to time."""

    def member_warned(self, secret: ObjectKey, uid: str, warning: MemberWarning) -> None:
        """Hear what whoever has written the Secret of a member is to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMeans:
    """What members are watched and kept with."""

    store: MemberStore
    connect: Connect
    leadership: Leadership
    timing: Timing
    clock: Callable[[], float]


class Members:
    """See the module's text. Give its `listing` to a reflector, and `run` it."""

    def __init__(self, *, namespace: str, means: MemberMeans, submit: Submit, observer: MemberObserver) -> None:
        self._means = means
        self._submit = submit
        self._observer = observer
        self._secrets: dict[ObjectKey, _Declared] = {}
        self._refused: dict[ObjectKey, str] = {}
        self._passed_over: dict[ObjectKey, str] = {}
        self._passed_before: dict[ObjectKey, str] = {}
        self._uids: dict[ObjectKey, str] = {}
        self._declared_by: dict[str, ObjectKey] = {}
        self._warnings = MemberWarnings()
        self._members: dict[str, FollowedMember] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._kept: dict[str, KeptMember] = {}
        self._kept_at: dict[str, float] = {}
        self._forgotten: set[str] = set()
        self._is_listed = False
        self._happened = asyncio.Event()
        self.selection = Selection(labels=MEMBER_LABEL, namespace=namespace)
        self.listing = HeardListing(BY_STRUCT[Secret], self._hear)

    def states(self) -> tuple[MemberState, ...]:
        """Return how all members are, by name."""
        now = self._means.clock()
        return tuple(member.state(now) for _, member in sorted(self._members.items()))

    def refusals(self) -> Mapping[ObjectKey, str]:
        """Return why Secrets with the label declare no member, or cannot be used."""
        return dict(sorted((self._passed_over | self._refused).items()))

    def listed(self, events: Iterable[Event]) -> None:
        """Take what the reflector of Secrets submits: that they have been listed once."""
        self._is_listed = self._is_listed or any(isinstance(event, Synced) for event in events)
        self._happened.set()

    # --- Secrets ------------------------------------------------------------------------------------------------

    def _hear(self, key: ObjectKey, raw: bytes | None) -> None:
        self._refused.pop(key, None)
        if raw is None:
            self._secrets.pop(key, None)
            self._uids.pop(key, None)
        else:
            self._read(key, raw)
        self._happened.set()

    def _read(self, key: ObjectKey, raw: bytes) -> None:
        """Read a Secret; one that is no good is as it was before."""
        try:
            secret = msgspec.json.decode(raw, type=Secret)
        except msgspec.MsgspecError:
            self._refuse(key, "it cannot be read")
            return
        self._uids[key] = secret.metadata.uid
        declaration = declared(secret.metadata)
        if isinstance(declaration, RefusedDeclaration):
            self._refuse(key, str(declaration))
            return
        access = credentials(_kubeconfig(secret))
        if isinstance(access, RefusedCredentials):
            self._refuse(key, str(access))
        before = self._secrets.get(key)
        if before is not None and isinstance(access, RefusedCredentials):
            access = before.credentials
        self._secrets[key] = _Declared(
            key=key, created=secret.metadata.creation_timestamp, declaration=declaration, credentials=access
        )

    def _refuse(self, key: ObjectKey, why: str) -> None:
        self._refused[key] = why
        self._tell(key, why)

    def _tell(self, key: ObjectKey, why: str) -> None:
        _log.error("member refused", secret=str(key), why=why)
        self._warn(key, MemberWarning(WarningReason.INVALID, why))

    def _warn(self, key: ObjectKey, warning: MemberWarning) -> None:
        self._observer.member_warned(key, self._uids.get(key, ""), warning)

    # --- members ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow members until cancelled."""
        try:
            await self._begin()
            await self._look()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _begin(self) -> None:
        """Let the first snapshots have what is known of members, and have it kept that it is."""
        self._kept = dict(await self._load())
        while not self._is_listed:
            await self._happened.wait()
            self._happened.clear()
        self._settle()
        until = self._means.clock() + MEMBER_FIRST_SECONDS
        while not all(member.is_known or member.refusal for member in self._members.values()):
            left = until - self._means.clock()
            if left <= 0:
                break
            await self._wait(left)
            self._settle()
        self._submit((Synced(kind=Exported),))

    async def _load(self) -> Mapping[str, KeptMember]:
        failures = 0
        while True:
            try:
                return await self._means.store.load()
            except (ApiError, *CONNECTION_ERRORS) as error:
                failures += 1
                _log.warning("members not loaded", why=str(error) or type(error).__name__)
                delay = self._means.timing.backoff.delay(failures, self._means.timing.random)
                await asyncio.sleep(max(delay, wait_asked_for(error)))

    async def _look(self) -> None:
        while True:
            await self._wait(MEMBER_LOOK_SECONDS)
            self._settle()
            now = self._means.clock()
            for cluster, member in tuple(self._members.items()):
                self._submit(member.look(now))
                if member.left_at is not None and now - member.left_at >= MEMBER_DRAIN_SECONDS:
                    self._submit(member.standing_rows.leave())
                    del self._members[cluster]
                    self._forgotten.add(cluster)
                    _log.info("member removed", cluster=cluster)
            self._show(now)
            if self._means.leadership.is_leader():
                await self._keep(now)

    def _show(self, now: float) -> None:
        """Tell how members are, and warn of those that are declared."""
        states = self.states()
        self._observer.member_states(states)
        declared_states = (each for each in states if each.cluster in self._declared_by)
        for cluster, warning in self._warnings.due(declared_states, now):
            _log.error("member warned of", cluster=cluster, reason=warning.reason.value, why=warning.message)
            self._warn(self._declared_by[cluster], warning)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._happened.wait()
        except TimeoutError:
            return
        self._happened.clear()

    def _settle(self) -> None:
        """Bring members to what Secrets declare."""
        self._passed_before, self._passed_over = self._passed_over, {}
        wanted: dict[str, _Declared] = {}
        for each in sorted(self._secrets.values(), key=lambda secret: secret.order):
            cluster = each.declaration.cluster
            first = wanted.setdefault(cluster, each)
            if first is not each:
                self._pass_over(each.key, f"member {cluster} is declared by the older Secret {first.key}")
            elif len(wanted) > MEMBERS:
                del wanted[cluster]
                self._pass_over(each.key, f"there are {MEMBERS} members already; no more are allowed")
        self._declared_by = {cluster: each.key for cluster, each in wanted.items()}
        for cluster, declared_member in wanted.items():
            self._bring_about(cluster, declared_member)
        now = self._means.clock()
        for cluster, member in self._members.items():
            if cluster not in wanted and member.left_at is None:
                self._submit(member.leave(now))
                self._stop_unused()

    def _pass_over(self, key: ObjectKey, why: str) -> None:
        """Refuse what is good by itself, and say so once."""
        self._passed_over[key] = why
        if self._passed_before.get(key) != why:
            self._tell(key, why)

    def _bring_about(self, cluster: str, wanted: _Declared) -> None:
        member = self._members.get(cluster)
        if member is None:
            member = self._members[cluster] = FollowedMember(wanted.declaration, self._means.clock())
            self._forgotten.discard(cluster)
            self._submit(member.declare(wanted.declaration))
            kept = self._kept.pop(cluster, None)
            if kept is not None:
                self._submit(member.restore(kept))
        elif member.declaration != wanted.declaration or member.left_at is not None:
            self._submit(member.declare(wanted.declaration))
        self._watch(member, wanted)

    def _watch(self, member: FollowedMember, wanted: _Declared) -> None:
        """Begin a watch where there is none that is as it is wanted."""
        latest = member.coming or member.believed
        if latest is not None and latest.declaration == wanted.declaration and latest.credentials == wanted.credentials:
            return
        if isinstance(wanted.credentials, RefusedCredentials):
            member.refusal = str(wanted.credentials)
            return
        try:
            access = member_access(wanted.credentials)
        except AccessError as error:
            member.refusal = str(error)
            self._pass_over(wanted.key, str(error))
            return
        member.refusal = ""
        watch = MemberWatch(wanted.declaration, wanted.credentials, self._means.timing, self)
        member.coming = watch
        task = asyncio.get_running_loop().create_task(
            watch.run(lambda pace: self._means.connect(access, pace)), name=f"member {wanted.declaration.cluster}"
        )
        self._tasks[id(watch)] = task
        self._stop_unused()

    def _stop_unused(self) -> None:
        used = {id(watch) for member in self._members.values() for watch in (member.believed, member.coming)}
        for each in tuple(self._tasks.keys() - used):
            self._tasks.pop(each).cancel()

    # --- what watches tell ---------------------------------------------------------------------------------------

    def heard(self, watch: MemberWatch, changed: Iterable[ObjectKey]) -> None:
        """Take what a watch has heard."""
        member = self._members.get(watch.declaration.cluster)
        if member is None:
            return
        was_coming = watch is member.coming
        self._submit(member.heard(watch, changed, self._means.clock()))
        if was_coming and watch is member.believed:
            self._stop_unused()
            self._happened.set()

    def restarted(self, watch: MemberWatch) -> None:
        """Take note that a request failed."""
        self._observer.member_restarted(watch.declaration.cluster)

    # --- what outlives the replica -------------------------------------------------------------------------------

    async def _keep(self, now: float) -> None:
        """Keep what members say now, a little later than they say it; of one that fails the rest goes on."""
        try:
            for cluster, member in tuple(self._members.items()):
                if member.is_changed and self._may_keep(cluster, now):
                    member.is_changed = False
                    await self._means.store.save(cluster, member.standing_rows.rows, stale=member.is_stale)
            for cluster in sorted(self._forgotten | self._kept.keys()):
                if self._may_keep(cluster, now):
                    await self._means.store.forget(cluster)
                    self._forgotten.discard(cluster)
                    self._kept.pop(cluster, None)
                    del self._kept_at[cluster]
        except (ApiError, *CONNECTION_ERRORS) as error:
            _log.warning("member not kept", cluster=cluster, why=str(error) or type(error).__name__)
            self._kept_at[cluster] = now + wait_asked_for(error)
            if cluster in self._members:
                self._members[cluster].is_changed = True
        except Exception as error:  # noqa: BLE001 - what cannot be kept must not end what is served
            _log.exception("member not kept", cluster=cluster, why=repr(error))

    def _may_keep(self, cluster: str, now: float) -> bool:
        """Return whether it is time to write of a member again, and take it that this is done."""
        if now - self._kept_at.get(cluster, -MEMBER_KEEP_SECONDS) < MEMBER_KEEP_SECONDS:
            return False
        self._kept_at[cluster] = now
        return True


def _kubeconfig(secret: Secret) -> bytes | None:
    text = secret.data.get(KUBECONFIG_KEY)
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and so is what a letter beyond ASCII leads to
        return b""
