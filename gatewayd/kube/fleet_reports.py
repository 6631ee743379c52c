"""What the Envoys of a Gateway have, seen by all replicas: an Envoy is connected to one, statuses are another's work.

Each replica writes what it knows into a ConfigMap of its own, owned by its Pod so that it goes with it; all replicas
read all of them. Versions are content hashes, so what another replica's Envoys ACKed counts when it is what we publish.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import FleetKey, FleetKeyError, fleet_key
from gatewayd.ir.outcome import NO_FLEET, FleetReport, RefusedSecret, Rejection
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.fleet_budget import Share, bounded, fitted, shared_secrets
from gatewayd.kube.lease import Everyone
from gatewayd.kube.refusals import named
from gatewayd.kube.work_queue import RETRY, Failure, Label, Pacing, WorkQueue
from gatewayd.own_group import own
from gatewayd.xds.resource import LISTENER, Resource, Snapshot

LABEL: Final = own("fleet")
SELECTOR: Final = f"{LABEL}=replica"
"""By which the ConfigMaps of all replicas are found in their namespace."""
KEY: Final = "reports.json"
NAMED: Final = 10
"""Gateways that the log names."""
FIELD_MANAGER: Final = "gatewayd"

_log = structlog.get_logger("gatewayd.kube.fleet")


class _Meta(msgspec.Struct):
    labels: dict[str, str] = {}


class _ConfigMap(msgspec.Struct):
    metadata: _Meta
    data: dict[str, str] = {}


NO_SHARES: Final = "{}"
"""What stands there while there is nothing to tell."""
_decode_configmap = msgspec.json.Decoder(_ConfigMap).decode
_decode_shares = msgspec.json.Decoder(dict[str, Share]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """Who we are: namespace, Pod name and uid ("" when we are no Pod)."""

    namespace: str
    name: str
    uid: str

    @property
    def object_name(self) -> str:
        """The name of our ConfigMap."""
        return f"{self.name}-fleet"


def _read(raw: bytes) -> dict[FleetKey, Share]:
    """Return what the ConfigMap of a replica says; nothing of any other. Raises MsgspecError."""
    configmap = _decode_configmap(raw)
    shares = _decode_shares(configmap.data.get(KEY, "{}")) if LABEL in configmap.metadata.labels else {}
    by_fleet: dict[FleetKey, Share] = {}
    for text, share in shares.items():
        with suppress(FleetKeyError):  # a later version may tell of what is no fleet to this one
            by_fleet[fleet_key(text)] = share
    return by_fleet


def _text(raw: bytes | None) -> str | None:
    """Return what stands in the ConfigMap of a replica; None when it cannot be read."""
    if raw is None:
        return NO_SHARES
    try:
        return _decode_configmap(raw).data.get(KEY, NO_SHARES)
    except (msgspec.MsgspecError, RecursionError):
        return None


def share_of(report: FleetReport, snapshot: Snapshot | None) -> Share:
    """Return a report with the versions that it speaks of."""
    secrets = shared_secrets(report.refused_secrets)
    if snapshot is None:
        return Share(connected=report.connected, secrets=secrets)
    listeners = snapshot.of(LISTENER)
    acked = {name: listeners[name].version for name in sorted(report.acked_listeners) if name in listeners}
    refused = (
        (
            rejection.message,
            tuple(
                (rejection.type_url, name, resource.version)
                for name in rejection.names
                if (resource := _find(snapshot, rejection.type_url, name)) is not None
            ),
        )
        for rejection in report.rejections
    )
    return Share(connected=report.connected, acked=acked, refused=bounded(refused), secrets=secrets)


def _find(snapshot: Snapshot, type_url: str, name: str) -> Resource | None:
    return next((table[name] for url, table in snapshot.resources.items() if url == type_url and name in table), None)


def merged(shares: list[Share], snapshot: Snapshot | None) -> FleetReport:
    """Return what all replicas together say about the snapshot that we publish."""
    secrets = _refused_secrets(shares)
    if snapshot is None:
        connected = sum(each.connected for each in shares)
        return FleetReport(connected=connected, acked_listeners=frozenset(), rejections=(), refused_secrets=secrets)
    listeners = snapshot.of(LISTENER)
    acked = {
        name
        for each in shares
        for name, version in each.acked.items()
        if name in listeners and listeners[name].version == version
    }
    refused: dict[tuple[str, str], set[str]] = {}
    for share in shares:
        for message, resources in share.refused.items():
            for type_url, name, version in resources:
                resource = _find(snapshot, type_url, name)
                if resource is not None and resource.version == version:
                    refused.setdefault((type_url, message), set()).add(name)
    rejections = (
        Rejection(type_url=type_url, names=tuple(sorted(names)), message=message)
        for (type_url, message), names in sorted(refused.items())
    )
    return FleetReport(
        connected=sum(each.connected for each in shares),
        acked_listeners=frozenset(acked),
        rejections=tuple(rejections),
        refused_secrets=secrets,
    )


def _refused_secrets(shares: list[Share]) -> tuple[RefusedSecret, ...]:
    """Return what any replica's Envoys refused, each version with the same words whoever tells of it first."""
    words: dict[str, str] = {}
    for message, versions in sorted(pair for share in shares for pair in share.secrets.items()):
        for version in versions:
            words.setdefault(version, message)
    return tuple(sorted(RefusedSecret(version=version, message=message) for version, message in words.items()))


OnReport = Callable[[FleetKey, FleetReport], None]
OnWrite = Callable[[str], None]


class FleetShare:
    """Merges our own reports with those of the other replicas; `on_report` hears of every Gateway that changes."""

    def __init__(
        self,
        *,
        client: KubeClient,
        replica: Replica,
        on_report: OnReport,
        on_write: OnWrite,
        random: Callable[[], float],
    ) -> None:
        """`on_write` hears "written" or "failed" of each write. `random` gives [0, 1)."""
        self._client = client
        self._replica = replica
        self._snapshots: dict[FleetKey, Snapshot] = {}
        self._on_report = on_report
        self._on_write = on_write
        self._short: tuple[str, ...] = ()
        self._written = NO_SHARES
        self._own: dict[FleetKey, Share] = {}
        self._others: dict[str, dict[FleetKey, Share]] = {}
        self._told: dict[FleetKey, FleetReport] = {}
        self._failing = False
        self._queue: WorkQueue[str] = WorkQueue(
            name="fleet share",
            work=self._write,
            label=lambda name: Label(replica.namespace, f"ConfigMap {replica.namespace}/{name}"),
            leadership=Everyone(),
            pacing=Pacing(workers=1, random=random),
            on_failure=self._failed,
        )

    def published(self, snapshot: Snapshot) -> None:
        """Take what we publish, before our own Envoys are asked what they have of it."""
        self._snapshots[snapshot.fleet] = snapshot
        self._look(snapshot.fleet)

    def retired(self, fleet: FleetKey) -> None:
        """Forget what we published for a fleet that is gone."""
        self._snapshots.pop(fleet, None)

    def local(self, fleet: FleetKey, report: FleetReport) -> None:
        """Take a report of our own Envoys."""
        share = share_of(report, self._snapshots.get(fleet))
        if share == self._own.get(fleet):
            return
        if report == NO_FLEET:
            self._own.pop(fleet, None)
        else:
            self._own[fleet] = share
        self._write_soon()
        self._look(fleet)

    def hear(self, key: ObjectKey, raw: bytes | None) -> None:
        """Take a ConfigMap of the replicas' as it stands (None: gone); those of other replicas count."""
        if key.namespace != self._replica.namespace:
            return
        if key.name == self._replica.object_name:
            self._hear_own(raw)
            return
        before = self._others.pop(key.name, {})
        after: dict[FleetKey, Share] = {}
        try:
            after = _read(raw) if raw is not None else {}
        except (msgspec.MsgspecError, RecursionError) as error:
            _log.warning("replica report not understood", name=key.name, error=str(error))
        if after:
            self._others[key.name] = after
        for fleet in before.keys() | after.keys():
            if before.get(fleet) != after.get(fleet):
                self._look(fleet)

    def _look(self, fleet: FleetKey) -> None:
        """Merge anew what is said of a fleet, because a report or the snapshot changed."""
        shares = [each[fleet] for each in (self._own, *self._others.values()) if fleet in each]
        report = merged(shares, self._snapshots.get(fleet))
        if report != self.report(fleet):
            self._told[fleet] = report
            self._on_report(fleet, report)

    def report(self, fleet: FleetKey) -> FleetReport:
        """Return what all replicas together said last of a fleet."""
        return self._told.get(fleet, NO_FLEET)

    async def run(self) -> None:
        """Write what we know, whenever it changed, until cancelled; many changes during a write become one.

        Whatever a write fails for, the next one is tried, later each time.
        """
        await self._queue.run()

    def _write_soon(self) -> None:
        """Write at once; after a failure changes alone, which may come by the hundred, set a pace of their own."""
        if self._failing:
            self._queue.add_after(self._replica.object_name, RETRY.first / 2)
        else:
            self._queue.add(self._replica.object_name)

    def _failed(self, _failure: Failure[str]) -> None:
        self._failing = True
        self._on_write("failed")

    def _hear_own(self, raw: bytes | None) -> None:
        """Write again what is not as we wrote it last.

        A request that we have given up may arrive after the one that followed it, and a replica that begins anew under
        its name finds what it said before. Others believe what stands there.
        """
        if _text(raw) != self._written:
            self._write_soon()

    async def _write(self, name: str) -> None:
        shares, short = fitted({str(fleet): share for fleet, share in self._own.items()})
        if short != self._short:
            self._short = short
            _log.warning("fleet shared in part", gateways=named(short, NAMED)) if short else _log.info("fleet shared")
        self._written = msgspec.json.encode(shares).decode()
        owner = {"apiVersion": "v1", "kind": "Pod", "name": self._replica.name, "uid": self._replica.uid}
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": self._replica.namespace,
                "labels": {LABEL: "replica"},
                **({"ownerReferences": [owner]} if self._replica.uid else {}),
            },
            "data": {KEY: self._written},
        }
        path = Where(api_version="v1", plural="configmaps", namespace=self._replica.namespace, name=name).path("")
        query = [("fieldManager", FIELD_MANAGER), ("force", "true")]
        await self._client.request("PATCH", path, query=query, body=body, content="apply-patch+yaml")
        self._failing = False
        self._on_write("written")
