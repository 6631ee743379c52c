"""What the Envoys of a Gateway have, seen by all replicas: an Envoy is connected to one, statuses are another's work.

Each replica writes what it knows into a ConfigMap of its own, owned by its Pod so that it goes with it; all replicas
read all of them. Versions are content hashes, so what another replica's Envoys ACKed counts when it is what we publish.
A replica of another edition makes other bytes of the same objects: it vouches for its own Envoys, by generations.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import structlog

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import FleetKey, FleetKeyError, fleet_key
from gatewayd.ir.outcome import NO_FLEET, FleetReport, Vouched
from gatewayd.ir.proxy import Declared
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.edition import NO_EDITION, Edition
from gatewayd.kube.fleet_budget import Share, fitted
from gatewayd.kube.fleet_merge import Published, generations_of, merged, share_of, vouched
from gatewayd.kube.lease import Everyone
from gatewayd.kube.lingering_acks import LingeringAcks, Told
from gatewayd.kube.lingering_refusals import LingeringRefusals
from gatewayd.kube.paced_refusals import PacedRefusals
from gatewayd.kube.refusals import named
from gatewayd.kube.work_queue import RETRY, Failure, Label, Pacing, WorkQueue
from gatewayd.own_group import own
from gatewayd.xds.resource import Snapshot

LABEL: Final = own("fleet")
SELECTOR: Final = f"{LABEL}=replica"
"""By which the ConfigMaps of all replicas are found in their namespace."""
KEY: Final = "reports.json"
EDITION_KEY: Final = "edition"
NAMED: Final = 10
"""Gateways that the log names."""

_log = structlog.get_logger("gatewayd.kube.fleet")


class _Meta(msgspec.Struct):
    labels: dict[str, str] = {}


class _ConfigMap(msgspec.Struct):
    metadata: _Meta
    data: dict[str, str] = {}


_decode_configmap = msgspec.json.Decoder(_ConfigMap).decode
_decode_shares = msgspec.json.Decoder(dict[str, Share]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """Who we are: namespace, Pod name and uid ("" when we are no Pod), and of which edition."""

    namespace: str
    name: str
    uid: str
    edition: Edition

    @property
    def object_name(self) -> str:
        """The name of our ConfigMap."""
        return f"{self.name}-fleet"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """What the ConfigMap of a replica says."""

    edition: Edition
    shares: Mapping[FleetKey, Share]


_NO_WORD: Final = _Word(edition=NO_EDITION, shares={})


def _read(raw: bytes) -> _Word:
    """Return what the ConfigMap of a replica says; nothing of any other. Raises MsgspecError."""
    configmap = _decode_configmap(raw)
    if LABEL not in configmap.metadata.labels:
        return _NO_WORD
    by_fleet: dict[FleetKey, Share] = {}
    for text, share in _decode_shares(configmap.data.get(KEY, "{}")).items():
        with suppress(FleetKeyError):  # a later version may tell of what is no fleet to this one
            by_fleet[fleet_key(text)] = share
    return _Word(edition=Edition(text=configmap.data.get(EDITION_KEY, "")), shares=by_fleet)


def _data(raw: bytes | None) -> Mapping[str, str] | None:
    """Return what stands in the ConfigMap of a replica, nothing where there is none; None when it cannot be read."""
    if raw is None:
        return {}
    try:
        return _decode_configmap(raw).data
    except (msgspec.MsgspecError, RecursionError):
        return None


OnReport = Callable[[FleetKey, FleetReport], None]
OnWrite = Callable[[str], None]
OnEditions = Callable[[], None]


class FleetShare:
    """Merges our own reports with those of the other replicas; `on_report` hears of every Gateway that changes."""

    def __init__(
        self,
        *,
        client: KubeClient,
        replica: Replica,
        on_report: OnReport,
        on_write: OnWrite,
        on_editions: OnEditions,
        random: Callable[[], float],
    ) -> None:
        """`on_write` hears "written" or "failed" of each write, `on_editions` that replicas of others came or went.

        `random` gives [0, 1).
        """
        self._client = client
        self._replica = replica
        self._published: dict[FleetKey, Published] = {}
        self._on_report = on_report
        self._on_write = on_write
        self._on_editions = on_editions
        self._short: tuple[str, ...] = ()
        self._written: Mapping[str, str] = {}
        self._own: dict[FleetKey, Share] = {}
        self._others: dict[str, _Word] = {}
        self._lingering = LingeringAcks(self._look)
        self._lingering_refusals = LingeringRefusals(self._look)
        self._paced_refusals = PacedRefusals(self._look)
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

    def announce(self) -> None:
        """Tell the others that we are here and of which edition; call it when it is certain what is published."""
        self._write_soon()

    @property
    def outranked_by(self) -> Edition | None:
        """The newest edition of the other replicas, if it is newer than ours."""
        ours = self._replica.edition
        newer = [word.edition for word in self._others.values() if word.edition.is_newer_than(ours)]
        return max(newer, key=lambda edition: edition.rank, default=None)

    def published(self, snapshot: Snapshot, declared_by: Sequence[Declared]) -> None:
        """Take what we publish, before our own Envoys are asked what they have of it."""
        fleet = snapshot.fleet
        self._published[fleet] = Published(snapshot=snapshot, declared_by=declared_by)
        share = self._own.get(fleet)
        if share is not None and share.acked:
            self._keep(fleet, msgspec.structs.replace(share, generations=generations_of(declared_by)))
        self._look(fleet)

    def retired(self, fleet: FleetKey) -> None:
        """Forget what we published for a fleet that is gone, and what we told of it, which is taken back with it.

        One that is made anew is told of again, whether or not anything else is said of it by then.
        """
        self._published.pop(fleet, None)
        self._told.pop(fleet, None)
        self._paced_refusals.forget(fleet)

    def local(self, fleet: FleetKey, report: FleetReport) -> None:
        """Take a report of our own Envoys."""
        self._keep(fleet, None if report == NO_FLEET else share_of(report, self._published.get(fleet)))
        self._look(fleet)

    def _keep(self, fleet: FleetKey, share: Share | None) -> None:
        """Have a share told to the others, None for nothing."""
        before = self._own.pop(fleet, None)
        if share is not None:
            self._own[fleet] = share
        if share != before:
            self._linger(self._replica.name, fleet, (self._replica.edition, before), share)
            self._write_soon()

    def _linger(self, name: str, fleet: FleetKey, before: tuple[Edition, Share | None], after: Share | None) -> None:
        edition, share = before
        if share is not None:
            self._lingering.told(name, fleet, Told(edition, share), after)
            self._lingering_refusals.told(fleet, share, after)

    def hear(self, key: ObjectKey, raw: bytes | None) -> None:
        """Take a ConfigMap of the replicas' as it stands (None: gone); those of other replicas count."""
        if key.namespace != self._replica.namespace:
            return
        if key.name == self._replica.object_name:
            self._hear_own(raw)
            return
        before, after = self._others.pop(key.name, _NO_WORD), _NO_WORD
        try:
            after = _read(raw) if raw is not None else _NO_WORD
        except (msgspec.MsgspecError, RecursionError) as error:
            _log.warning("replica report not understood", name=key.name, error=str(error))
        if after != _NO_WORD:
            self._others[key.name] = after
        same = before.edition == after.edition
        for fleet in before.shares.keys() | after.shares.keys():
            if not same or before.shares.get(fleet) != after.shares.get(fleet):
                self._linger(key.name, fleet, (before.edition, before.shares.get(fleet)), after.shares.get(fleet))
                self._look(fleet)
        if not same:
            self._on_editions()

    def _look(self, fleet: FleetKey) -> None:
        """Merge anew what is said of a fleet, because a report or the snapshot changed."""
        told = tuple(self._told_of(fleet))
        published = self._published.get(fleet)
        report = merged(
            [each.share for each in told],
            published.snapshot if published is not None else None,
            tuple(self._vouched(told)),
            tuple(self._lingering_refusals.of(fleet)),
        )
        standing = self._paced_refusals.to_tell(fleet, report.standing)
        report = report if standing is report.standing else replace(report, standing=standing)
        if report != self.report(fleet):
            self._told[fleet] = report
            self._on_report(fleet, report)

    def _told_of(self, fleet: FleetKey) -> Iterator[Told]:
        """Yield what counts of a fleet: our own word, that of the others, and what was said a moment ago."""
        if fleet in self._own:
            yield Told(self._replica.edition, self._own[fleet])
        for name in sorted(self._others):
            word = self._others[name]
            if fleet in word.shares:
                yield Told(word.edition, word.shares[fleet])
        yield from self._lingering.of(fleet)

    def _vouched(self, told: tuple[Told, ...]) -> Iterator[Vouched]:
        """Yield what replicas of other editions say of their Envoys."""
        for edition, share in told:
            word = vouched(share) if edition != self._replica.edition else None
            if word is not None:
                yield word

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
        if _data(raw) != self._written:
            self._write_soon()

    async def _write(self, name: str) -> None:
        shares, short = fitted({str(fleet): share for fleet, share in self._own.items()})
        if short != self._short:
            self._short = short
            _log.warning("fleet shared in part", gateways=named(short, NAMED)) if short else _log.info("fleet shared")
        self._written = {KEY: msgspec.json.encode(shares).decode(), EDITION_KEY: self._replica.edition.text}
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
            "data": self._written,
        }
        path = Where(api_version="v1", plural="configmaps", namespace=self._replica.namespace, name=name).path("")
        await self._client.apply(path, body)
        self._failing = False
        self._on_write("written")
