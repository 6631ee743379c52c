"""Leadership by a Lease, with a fence: a leader that cannot renew in time stops writing before another one may start.

Time is the monotonic clock of this process, so that a jump of the wall clock elects nobody. Every request has a
deadline of its own, shorter than the lease, so that a hung renewal cannot outlive it. No `Retry-After` is waited for:
one look in a second is all that there is, and who waits longer loses the lease.

A leader that dies is followed after LEASE_SECONDS, and at most LOOK_SECONDS more: those who wait look often, and at the
moment when the lease ends. The times of a leader, after its last good renewal began:

    2      the next one begins
    4.5    it has failed by now; one more a second later
    6.5    the fence: nothing is written from now on
    9      what was under way at the fence has had as long as any request here has; another one may start
https://kubernetes.io/docs/concepts/architecture/leases/
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec
import structlog

from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, ConflictError
from gatewayd.kube.client import KubeClient, Where

LEASE_SECONDS: Final = 9
RENEW_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 1.0
"""Until the next look of who does not have the lease, or could not renew it."""
REQUEST_SECONDS: Final = 2.5
FENCE_SECONDS: Final = LEASE_SECONDS - REQUEST_SECONDS
"""We count as leader for so long after the last good renewal: more than one that fails and another one take."""
_SHORTEST: Final = 0.05

_log = structlog.get_logger("gatewayd.kube.lease")


class Leadership(Protocol):
    """Whether this replica may write now."""

    def is_leader(self) -> bool:
        """Return whether this replica certainly holds the lease at this moment."""


class Everyone:
    """Leadership for writes that every replica does."""

    def is_leader(self) -> bool:
        """Return True."""
        return True


class _LeaseSpec(msgspec.Struct, rename="camel"):
    holder_identity: str = ""
    lease_duration_seconds: int = LEASE_SECONDS
    lease_transitions: int = 0
    renew_time: str = ""


class _LeaseMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Lease(msgspec.Struct):
    metadata: _LeaseMeta
    spec: _LeaseSpec = msgspec.field(default_factory=_LeaseSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseName:
    """The Lease, and the identity of this replica."""

    namespace: str
    name: str
    identity: str


class Lease:
    """Competes for a Lease until cancelled."""

    def __init__(
        self, *, client: KubeClient, name: LeaseName, clock: Callable[[], float], on_elected: Callable[[], None]
    ) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._on_elected = on_elected
        self._renewed = float("-inf")
        self._seen: tuple[str, str] = ("", "")
        self._ends_at = clock()

    def is_leader(self) -> bool:
        """Return whether this replica certainly holds the lease at this moment."""
        return self._clock() < self._renewed + FENCE_SECONDS

    async def run(self) -> None:
        """Acquire and renew."""
        try:
            while True:
                has_lease = await self._try()
                await asyncio.sleep(RENEW_SECONDS if has_lease else self._until_next_look())
        finally:
            await self._release()

    def _until_next_look(self) -> float:
        """Return how long to wait: not beyond the moment when the lease of another one ends."""
        left = self._ends_at - self._clock()
        return min(LOOK_SECONDS, max(_SHORTEST, left)) if left > 0 else LOOK_SECONDS

    async def _try(self) -> bool:
        """Acquire or renew the lease; return whether that went well."""
        was = self.is_leader()
        began = self._clock()
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                has_lease = await self._acquire()
        except Exception as error:  # noqa: BLE001 - whatever stands in the Lease, the fence ends our leadership in time
            known = isinstance(error, (ApiError, *CONNECTION_ERRORS))
            facts = {"error": str(error) or repr(error), "leader": self.is_leader()}
            _log.warning("lease not renewed", **facts, exc_info=None if known else error)
            return False
        if has_lease:
            self._renewed = began
            if not was:
                _log.info("elected", identity=self._name.identity)
                self._on_elected()
        elif was:
            self._renewed = float("-inf")
            _log.warning("leadership lost", identity=self._name.identity)
        return has_lease

    async def _acquire(self) -> bool:
        """Take or renew the lease if it is free, expired or ours; return whether it is ours now."""
        lease = await self._client.get(self._path(self._name.name), _Lease)
        if lease is None:
            return await self._put("POST", self._path(""), "", 0)
        if lease.spec.holder_identity not in ("", self._name.identity) and not self._expired(lease):
            return False
        moved = lease.spec.holder_identity != self._name.identity
        transitions = lease.spec.lease_transitions + moved
        return await self._put("PUT", self._path(self._name.name), lease.metadata.resource_version, transitions)

    def _expired(self, lease: _Lease) -> bool:
        """Return whether the holder has not renewed for a whole lease, by our own clock."""
        seen = (lease.spec.holder_identity, lease.spec.renew_time)
        if seen != self._seen:
            self._seen, self._ends_at = seen, self._clock() + lease.spec.lease_duration_seconds
        return self._clock() >= self._ends_at

    async def _put(self, method: str, path: str, version: str, transitions: int) -> bool:
        try:
            await self._client.request(method, path, body=self._document(version, transitions, self._name.identity))
        except ConflictError:
            return False
        return True

    def _document(self, version: str, transitions: int, holder: str) -> Mapping[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self._name.name,
                "namespace": self._name.namespace,
                **({"resourceVersion": version} if version else {}),
            },
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": LEASE_SECONDS,
                "leaseTransitions": transitions,
                "renewTime": now,
            },
        }

    def _path(self, name: str) -> str:
        where = Where(api_version="coordination.k8s.io/v1", plural="leases", namespace=self._name.namespace, name=name)
        return where.path("")

    async def _release(self) -> None:
        """Release the lease at once, so that no replica has to wait for it to expire."""
        if not self.is_leader():
            return
        self._renewed = float("-inf")
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                lease = await self._client.get(self._path(self._name.name), _Lease)
                if lease is not None and lease.spec.holder_identity == self._name.identity:
                    body = self._document(lease.metadata.resource_version, lease.spec.lease_transitions, "")
                    await self._client.request("PUT", self._path(self._name.name), body=body)
        except (ApiError, *CONNECTION_ERRORS):
            return
