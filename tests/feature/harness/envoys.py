"""Real Envoys, one for each Gateway, run by the real supervisor."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gatewayd.ir.backoff import Backoff
from gatewayd.ir.fleet import FleetKey
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy
from gatewayd.supervisor.events import EnvoyEvent, GaveUp
from gatewayd.supervisor.process import EnvoyCommand, Supervisor
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap, within_zone
from tests.feature.harness.http1 import Connection


@dataclass(frozen=True, slots=True)
class Envoy:
    """One Envoy and its supervisor's task."""

    fleet: FleetKey
    node: str
    admin: Path
    supervisor: Supervisor
    task: "asyncio.Task[GaveUp]"

    async def get(self, path: str, *, method: str = "GET") -> bytes:
        """Ask the admin interface."""
        connection = Connection(*await asyncio.open_unix_connection(self.admin))
        try:
            return (await connection.ask(path, host="admin", method=method)).body
        finally:
            await connection.close()

    async def stats(self, pattern: str) -> dict[str, int]:
        """Return the counters and gauges whose names match."""
        lines = (await self.get(f"/stats?filter={pattern}")).decode().splitlines()
        pairs = (line.rpartition(": ") for line in lines)
        return {name: int(value) for name, _, value in pairs if value.isdigit()}

    async def stop(self) -> None:
        """Stop it and wait until it is gone."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def start_envoy(
    *, fleet: FleetKey, number: int, folder: Path, socket: Path, report: Callable[[EnvoyEvent], None], zone: str = ""
) -> Envoy:
    """Start an Envoy of a fleet that asks the control plane behind `socket`."""
    home = folder / f"envoy-{number}"
    home.mkdir(mode=0o700)
    admin = home / "admin"
    node = f"feature-{number}"
    text = bootstrap(
        node=node,
        fleet=fleet,
        control_plane=UnixSocket(path=str(socket)),
        admin=AdminSocket(path=str(admin)),
        probes_port=None,
        drain=None,
    )
    binary = find_envoy(None)
    assert not isinstance(binary, NoEnvoy), binary.message
    command = EnvoyCommand(
        binary=binary, bootstrap=json.dumps(within_zone(text, zone)), folder=home, admin=admin, concurrency=1, drain=0.0
    )
    supervisor = Supervisor(
        command=command,
        backoff=Backoff(first=0.2, longest=10.0, stable=30.0),
        clock=time.monotonic,
        random=random.random,
        report=report,
    )
    task = asyncio.get_running_loop().create_task(supervisor.run(), name=f"envoy of {fleet}")
    return Envoy(fleet, node, admin, supervisor, task)
