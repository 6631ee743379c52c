"""Envoys of this machine that take everything from an ADS socket: their folders, bootstraps and supervisors.

In: what all Envoys of a run have alike, and the fleet that one of them serves. Out: a Supervisor that has not begun.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gatewayd.ir.fleet import FleetKey
from gatewayd.supervisor.events import EnvoyEvent
from gatewayd.supervisor.process import RESTART, EnvoyCommand, Supervisor, drain_time
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap, within_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEnvoys:
    """What all Envoys of a run have alike.

    `control_plane` is the socket of ADS, `folder` the private folder of the run, in which each gets its own; `drain` is
    how many seconds requests under way get to finish. `zone` is the one that they are in, "" for none.
    """

    binary: Path
    folder: Path
    control_plane: Path
    concurrency: int
    drain: float
    zone: str = ""

    def supervisor(self, fleet: FleetKey, report: Callable[[EnvoyEvent], None]) -> Supervisor:
        """Return what runs one more Envoy, for a fleet. Raises OSError."""
        return Supervisor(
            command=self.command(fleet), backoff=RESTART, clock=time.monotonic, random=random.random, report=report
        )

    def command(self, fleet: FleetKey) -> EnvoyCommand:
        """Make the folder of one more Envoy, and return what to run in it. Raises OSError."""
        name = f"envoy-{len(tuple(self.folder.iterdir()))}"
        home = self.folder / name
        home.mkdir(mode=0o700)
        admin = home / "admin"
        text = bootstrap(
            node=name,
            fleet=fleet,
            control_plane=UnixSocket(path=str(self.control_plane)),
            admin=AdminSocket(path=str(admin)),
            probes_port=None,
            drain=drain_time(self.drain),
        )
        return EnvoyCommand(
            binary=self.binary,
            bootstrap=json.dumps(within_zone(text, self.zone)),
            folder=home,
            admin=admin,
            concurrency=self.concurrency,
            drain=self.drain,
        )
