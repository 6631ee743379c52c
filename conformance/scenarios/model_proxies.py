"""Hundreds of proxies that are no Envoys: streams with certificates of Gateways, which take all that they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.peers.build import TARGET
from bench.peers.process import Program, program
from conformance.scenarios import xdspki
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.notebook import taken_up
from conformance.scenarios.pods import REPLICA_WORDS
from conformance.scenarios.world import World
from gatewayd.infra import layout

PATIENCE = 120
"""Seconds that they wait for what they shall have."""
_LOOK_SECONDS = 1.0
_MEBIBYTE = 2.0**20


@asynccontextmanager
async def model_proxies(
    world: World, identities: Sequence[xdspki.Credentials], *, count: int, narrow: int = 0
) -> AsyncIterator[Program]:
    """Run so many proxies, each with one of the identities, at all replicas in turn.

    The first `narrow` of them have windows of 64 KiB, all others those of Envoy. They take the commands of
    `bench/peers/adsclient`, and come back by themselves when their streams end.
    """
    addresses = [f"{pod.address}:{layout.XDS_PORT}" for pod in await world.control_plane()]
    folders = [_written(world.folder / f"identity-{number}", each) for number, each in enumerate(identities)]
    command = ("-address", ",".join(addresses), "-clients", str(count), "-narrow", str(narrow), "-drain", "1")
    named = ("-server-name", xdspki.SERVER_NAME, "-identities", ",".join(map(str, folders)))
    async with program(str(TARGET / "adsclient"), *command, *named) as running:
        yield running


def _written(folder: Path, credentials: xdspki.Credentials) -> Path:
    folder.mkdir()
    (folder / "tls.crt").write_bytes(credentials.certificate)
    (folder / "tls.key").write_bytes(credentials.key)
    (folder / "ca.crt").write_bytes(credentials.trust)
    return folder


async def ended_streams(world: World) -> Mapping[tuple[str, str], float]:
    """Return how many streams all replicas have cut, by Gateway ("namespace/name") and cause."""
    found: dict[tuple[str, str], float] = {}
    for pod in await world.control_plane():
        for name, value in (await world.metrics(pod)).items():
            if name.startswith("gatewayd_xds_streams_ended_total{"):
                labels = dict(part.split("=") for part in name[:-1].partition("{")[2].split(","))
                key = (labels["gateway"].strip('"'), labels["cause"].strip('"'))
                found[key] = found.get(key, 0.0) + value
    return found


async def resident(world: World) -> float:
    """Return the resident memory, in MiB, of the replica that has most."""
    pods = await world.control_plane()
    return max(taken_up(each)["resident bytes"] for pod in pods for each in pod.processes(REPLICA_WORDS)) / _MEBIBYTE


@dataclass(slots=True, kw_only=True)
class MostMemory:
    """The most that a replica had in a while, in MiB."""

    most: float = field(default=0.0)

    @asynccontextmanager
    async def watched(self, world: World) -> AsyncIterator[None]:
        """Look until the block ends."""

        async def look() -> None:
            while True:
                self.most = max(self.most, await resident(world))
                await asyncio.sleep(_LOOK_SECONDS)

        async with meanwhile(look()):
            yield


def total(name: str, *answers: Mapping[str, Any]) -> float:
    """Return the sum of a number that several answers of the proxies have."""
    return float(sum(each[name] for each in answers))
