"""Tests of this folder run on a clock that skips waiting, against a scripted API server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import pytest_asyncio

from tests.fakes.api_server import ApiServer, Cluster, api_server
from tests.fakes.skipping_loop import SkippingLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"skipping": SkippingLoop}


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with api_server() as found:
        yield found


@pytest_asyncio.fixture
async def member() -> AsyncIterator[Cluster]:
    """Give the cluster of a member, beside the one of the replica."""
    async with api_server() as found:
        yield found


@pytest.fixture
def server(cluster: Cluster) -> ApiServer:
    return cluster.server


@pytest_asyncio.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    assert {each for each in asyncio.all_tasks() - before if not each.done()} <= {asyncio.current_task()}
