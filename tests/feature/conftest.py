"""One world for each module: a Gateway infra/edge with the HTTP port `<http>`, and backends one, two and three in shop.

A module says otherwise with `BASE` (YAML), `BACKENDS` (names) and `ZONE` (where the Envoy is). What a test applies is
taken back after it.
"""

import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog

from tests.feature.harness.manifests import GATEWAY
from tests.feature.harness.world import World, running_world

BUGS = frozenset({"query failed", "snapshot failed"})
"""What gatewayd logs when a function of its core raises: it goes on, and a test must not."""


@pytest.fixture
def runtime() -> Iterator[dict[str, str]]:
    """Give the environment of a command whose runtime folder is a private one; sockets in it need a short name."""
    with tempfile.TemporaryDirectory(prefix="gwd-") as place:
        yield {**os.environ, "XDG_RUNTIME_DIR": place, "GATEWAYD_LOG_FORMAT": "console"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for manifests."""
    found = tmp_path / "gateway"
    found.mkdir()
    return found


@pytest.fixture(autouse=True)
def no_bugs() -> Iterator[None]:
    found: list[Any] = []

    def note(_logger: Any, _method: str, event: Any) -> Any:
        if event.get("event") in BUGS:
            found.append(dict(event))
        return event

    processors = structlog.get_config()["processors"]
    processors.insert(0, note)
    yield
    processors.remove(note)
    assert not found, found


@pytest.fixture(scope="module")
def node_ports() -> Iterator[None]:
    """Hold the ports of a node's proxy, which are the same in all runs on a machine, until the module is done."""
    with (Path(tempfile.gettempdir()) / "gatewayd-node-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with running_world() as world:
        for name in getattr(request.module, "BACKENDS", ("one", "two", "three")):
            await world.backend(name)
        world.zone = getattr(request.module, "ZONE", "")
        await world.apply(getattr(request.module, "BASE", GATEWAY))
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared_world: World) -> AsyncIterator[World]:
    before = dict(shared_world.applied)
    yield shared_world
    await shared_world.restore(before)
    for backend in shared_world.backends.values():
        backend.requests.clear()
        backend.tries.clear()
        backend.gate.clear()
