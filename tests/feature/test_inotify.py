"""A node whose user has no inotify instance left: proxies that run go on, and one that starts says what it lacks."""

import asyncio
import json
import subprocess
import sys
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
ALONE = """
import ctypes, os, sys
user = os.getuid()
if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):
    sys.exit(os.strerror(ctypes.get_errno()))
with open("/proc/self/uid_map", "w") as users:
    users.write(f"0 {user} 1")
with open("/proc/sys/user/max_inotify_instances", "w") as most:
    most.write(sys.argv[1])
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Runs a command in a user namespace of its own, in which there are so many instances."""
BESIDE = """
import ctypes, os, sys
if ctypes.CDLL(None, use_errno=True).setns(os.open(f"/proc/{sys.argv[1]}/ns/user", os.O_RDONLY), 0x10000000):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Runs a command in the user namespace of a process."""


def may_be_alone() -> bool:
    """Return whether this user may have a user namespace: some systems allow nobody but root to."""
    ran = subprocess.run((sys.executable, "-c", ALONE, str(EACH), "true"), capture_output=True, check=False)
    return ran.returncode == 0


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


@pytest.mark.skipif(not may_be_alone(), reason="user namespaces are not allowed here")
async def test_who_runs_goes_on_and_who_starts_says_what_it_lacks(tmp_path: Path) -> None:
    listener, control_plane = certified(tmp_path)
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    fleet.publish(snapshot(GATEWAY, ()))
    server = AdsServer(fleet, (listener,))
    await server.start()
    try:
        async with proxy(tmp_path, control_plane, "first", sys.executable, "-c", ALONE, str(EACH)) as first:
            await first.live()
            assert first.instances() == EACH
            inside = (sys.executable, "-c", BESIDE, str(first.process.pid))
            async with proxy(tmp_path, control_plane, "second", *inside) as second, asyncio.timeout(DEADLINE):
                assert await second.process.wait() != 0
            assert "fs.inotify.max_user_instances" in second.log.read_text()
            await first.live()
            assert len(fleet.proxies(GATEWAY)) == 1
    finally:
        await server.stop()
