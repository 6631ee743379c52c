"""One world for each module: a Gateway infra/edge with the HTTP port `<http>`, and backends one, two and three in shop.

A module says otherwise with `BASE` (YAML) and `BACKENDS` (names). What a test applies is taken back after it.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness.manifests import GATEWAY
from tests.feature.harness.world import World, running_world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with running_world() as world:
        for name in getattr(request.module, "BACKENDS", ("one", "two", "three")):
            await world.backend(name)
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
