"""`gatewayd up` in this process: a folder on disk, the real watcher, the real supervisor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gatewayd.run.standalone import Options, Standalone
from gatewayd.settings import from_environment
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy


class Silence:
    """An audience that says nothing, whatever it is told."""

    def __getattr__(self, _: str) -> Any:
        return self._hear

    def _hear(self, *_: object) -> None:
        """Let it pass."""


@asynccontextmanager
async def folder_run(folder: Path, runtime: Path) -> AsyncIterator[Standalone]:
    """Serve `folder` until the block ends."""
    envoy = find_envoy(None)
    assert not isinstance(envoy, NoEnvoy), envoy.message
    options = Options(
        folder=folder,
        address="127.0.0.1",
        envoy=envoy,
        concurrency=1,
        drain=0.0,
        runtime=runtime,
        cache=None,
        route_discovery=from_environment().route_discovery,
    )
    audience: Any = Silence()
    run = Standalone(options, audience)
    task = asyncio.get_running_loop().create_task(run.run(), name="gatewayd up")
    try:
        yield run
        assert not task.done(), task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
