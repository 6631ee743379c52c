"""Loads what manifests lead to into a real Envoy, over ADS as in earnest, and says what it refuses.

In: a Translation and an Envoy. Out: Findings on the objects that the refused resources were made from. No listener
binds its port, so a check never meets what is running.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.explain.findings import Finding, in_rejections
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import FleetReport
from gatewayd.offline.translation import Translation
from gatewayd.reconciler import Reconciler, fleet_delta
from gatewayd.supervisor.events import GaveUp
from gatewayd.supervisor.local_envoy import LocalEnvoys
from gatewayd.supervisor.runtime_folder import runtime_folder
from gatewayd.xds.resource import CLUSTER, LISTENER, Snapshot, TypeUrl
from gatewayd.xds.unbound import unbound

DEADLINE: Final = 30.0
_QUIET: Final = 0.3
"""Seconds without an answer after which Envoy has nothing more to ask."""


class NoRehearsalError(Exception):
    """Envoy could not be started, or did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    fleet: Fleet
    envoys: LocalEnvoys


async def rehearse(translation: Translation, envoy: Path, runtime: Path | None) -> tuple[Finding, ...]:
    """Load the snapshot of each Gateway, one after another; raises NoRehearsalError."""
    answered = asyncio.Event()
    fleet = Fleet(on_report=lambda _fleet, _report: answered.set(), on_answer=lambda _fleet: answered.set())
    findings: list[Finding] = []
    with runtime_folder(runtime) as folder:
        socket = folder / "xds" / "socket"
        envoys = LocalEnvoys(binary=envoy, folder=folder, control_plane=socket, concurrency=1, drain=0.0)
        stage = _Stage(fleet=fleet, envoys=envoys)
        server = AdsServer(fleet, (UnixListener(path=socket),))
        try:
            await server.start()
            for fleet_key in sorted(translation.reconciler.snapshots):
                report = await _load(stage, translation.reconciler, fleet_key, answered)
                findings.extend(in_rejections(fleet_key, report.rejections, translation.manifests.folder.place_of))
        finally:
            await server.stop()
    return tuple(findings)


async def _load(stage: _Stage, reconciler: Reconciler, key: FleetKey, answered: asyncio.Event) -> FleetReport:
    """Return what an Envoy says to a fleet's snapshot when it has said everything."""
    supervisor = stage.envoys.supervisor(key, lambda _event: None)
    running = asyncio.create_task(supervisor.run(), name=f"envoy of {key}")
    waiting = asyncio.create_task(_until_all_is_said(stage.fleet, reconciler, key, answered), name="answers")
    try:
        await asyncio.wait((running, waiting), timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            gave_up: GaveUp = running.result()
            raise NoRehearsalError(gave_up.reason)
        if not waiting.done():
            raise NoRehearsalError(f"Envoy did not load Gateway {key} within {DEADLINE:.0f} s")
        return stage.fleet.report(key)
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)


async def _until_all_is_said(fleet: Fleet, reconciler: Reconciler, key: FleetKey, answered: asyncio.Event) -> None:
    """Load the snapshot, and again as long as what Envoy refuses leads to another: a group of hosts goes apart."""
    loaded: Snapshot | None = None
    while reconciler.snapshots[key] is not loaded:
        loaded = reconciler.snapshots[key]
        shown = unbound(loaded)
        fleet.publish(shown)
        await _until_settled(fleet, shown, answered)
        reconciler.submit((fleet_delta(key, fleet.report(key)),))
        reconciler.step()


async def _until_settled(fleet: Fleet, snapshot: Snapshot, answered: asyncio.Event) -> None:
    """Wait until Envoy has answered everything that it asks for.

    Clusters and listeners it takes without being asked; of the rest it takes what those refer to, so what is missing
    after them is waited for as long as answers come.
    """
    while True:
        answered.clear()
        missing = frozenset(_missing(fleet, snapshot))
        if not missing:
            return
        try:
            async with asyncio.timeout(None if missing & {CLUSTER, LISTENER} else _QUIET):
                await answered.wait()
        except TimeoutError:
            return


def _missing(fleet: Fleet, snapshot: Snapshot) -> Iterator[TypeUrl]:
    """Yield the types of the resources that Envoy has neither ACKed nor refused."""
    refused = {(each.type_url, name) for each in fleet.report(snapshot.fleet).rejections for name in each.names}
    for type_url, table in snapshot.resources.items():
        for name in table:
            if (type_url, name) not in refused and fleet.holders(snapshot.fleet, type_url, name) == 0:
                yield type_url
