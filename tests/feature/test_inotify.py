"""A node whose user has no inotify instance left: proxies that run go on, and one that starts says what it lacks."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.server import AdsServer
from gatewayd.supervisor.envoy_admin import AdminResponse, ask
from gatewayd.xds.bootstrap import AdminSocket, ControlPlane, bootstrap
from gatewayd.xds.resource import snapshot
from tests.feature.ads_rig import DEADLINE, GATEWAY, envoy_binary
from tests.feature.xds_rig import certified

pytestmark = pytest.mark.envoy

EACH = 4
"""Instances that a proxy takes: its certificate and its trust are a file and a folder each (see docs/operations.md)."""
LIMITED = ("unshare", "--user", "--map-root-user", "sh", "-c")
LIMIT = 'echo "$0" > /proc/sys/user/max_inotify_instances && exec "$@"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An Envoy with the bootstrap of a pod."""

    process: asyncio.subprocess.Process
    admin: Path
    log: Path

    async def live(self) -> None:
        """Wait until it has its configuration."""
        async with asyncio.timeout(DEADLINE):
            while not (
                isinstance(answer := await ask(self.admin, "GET", "/ready"), AdminResponse) and answer.status == 200
            ):
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)

    def instances(self) -> int:
        folder = Path(f"/proc/{self.process.pid}/fd")
        return sum("inotify" in str(each.readlink()) for each in folder.iterdir())


@asynccontextmanager
async def proxy(folder: Path, control_plane: ControlPlane, name: str, *within: str) -> AsyncIterator[Proxy]:
    """Run an Envoy by the command `within` until the block ends."""
    admin, path, log = folder / f"{name}.admin", folder / f"{name}.json", folder / f"{name}.log"
    document = bootstrap(
        node=name,
        fleet=GATEWAY,
        control_plane=control_plane,
        admin=AdminSocket(path=str(admin)),
        probes_port=None,
        drain=None,
    )
    path.write_text(json.dumps(document))
    command = (
        *within,
        str(envoy_binary()),
        "-c",
        str(path),
        "--concurrency",
        "1",
        "--use-dynamic-base-id",
        "-l",
        "warning",
    )
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*command, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield Proxy(process=process, admin=admin, log=log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_who_runs_goes_on_and_who_starts_says_what_it_lacks(tmp_path: Path) -> None:
    listener, control_plane = certified(tmp_path)
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    fleet.publish(snapshot(GATEWAY, ()))
    server = AdsServer(fleet, (listener,))
    await server.start()
    try:
        async with proxy(tmp_path, control_plane, "first", *LIMITED, LIMIT, str(EACH)) as first:
            await first.live()
            assert first.instances() == EACH
            inside = ("nsenter", f"--target={first.process.pid}", "--user", "--preserve-credentials")
            async with proxy(tmp_path, control_plane, "second", *inside) as second, asyncio.timeout(DEADLINE):
                assert await second.process.wait() != 0
            assert "fs.inotify.max_user_instances" in second.log.read_text()
            await first.live()
            assert len(fleet.proxies(GATEWAY)) == 1
    finally:
        await server.stop()
