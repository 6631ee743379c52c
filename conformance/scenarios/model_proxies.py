"""Thousands of proxies that are no Envoys: streams with certificates of Gateways, which take all that they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.peers.build import built
from bench.peers.process import Program, program
from conformance.scenarios import xdspki
from conformance.scenarios.world import World
from gatewayd.infra import layout

PATIENCE = 120
"""Seconds that they wait for what they shall have."""


@asynccontextmanager
async def model_proxies(
    world: World, identities: Sequence[xdspki.Credentials], *, count: int
) -> AsyncIterator[Program]:
    """Run so many proxies, each with one of the identities, at all replicas in turn.

    They take the commands of `bench/peers/adsclient`, and come back by themselves when their streams end.
    """
    addresses = [f"{pod.address}:{layout.XDS_PORT}" for pod in await world.control_plane()]
    folders = [_written(world.folder / f"identity-{number}", each) for number, each in enumerate(identities)]
    command = ("-address", ",".join(addresses), "-clients", str(count), "-server-name", xdspki.SERVER_NAME)
    async with program(str(built() / "adsclient"), *command, "-identities", ",".join(map(str, folders))) as running:
        yield running


def _written(folder: Path, credentials: xdspki.Credentials) -> Path:
    folder.mkdir()
    (folder / "tls.crt").write_bytes(credentials.certificate)
    (folder / "tls.key").write_bytes(credentials.key)
    (folder / "ca.crt").write_bytes(credentials.trust)
    return folder
