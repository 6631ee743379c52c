import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import grpc
import pytest

from gatewayd.introspection.rows import Board
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.run.foreground import RunEnding, Serving, settled
from gatewayd.run.standalone import Options
from gatewayd.supervisor.events import GaveUp
from tests.unit.example import SHOP

DEADLINE = 20.0


def serving(folder: Path) -> Serving:
    options = Options(
        folder=folder,
        address="127.0.0.1",
        envoy=Path("/bin/true"),
        concurrency=1,
        drain=0.0,
        runtime=None,
        cache=None,
        route_discovery=None,
    )
    return Serving(options)


class Boards(list[Board]):
    """What was shown."""

    def __call__(self, board: Board) -> None:
        self.append(board)


async def test_it_ends_when_its_job_is_done(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [")
    run, boards = serving(tmp_path), Boards()

    async def job() -> None:
        await run.until(settled)

    ended = await run.run(boards, job, DEADLINE)

    assert ended.why is RunEnding.DONE
    assert "not valid YAML" in str(ended.board.problems[0])
    assert boards[-1] == ended.board


async def test_it_ends_when_it_is_too_late(tmp_path: Path) -> None:
    run = serving(tmp_path)

    assert (await run.run(Boards(), run.forever, 0.05)).why is RunEnding.TOO_LATE


async def test_whoever_is_cancelled_at_any_step_leaves_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that runs when it is collected hangs the process: grpc waits for it there."""
    servers: list[grpc.aio.Server] = []
    made = grpc.aio.server

    def server(*arguments: Any, **options: Any) -> grpc.aio.Server:
        servers.append(made(*arguments, **options))
        return servers[-1]

    monkeypatch.setattr(grpc.aio, "server", server)
    for steps in range(30):
        run = serving(tmp_path)
        task = asyncio.create_task(run.run(Boards(), run.forever, DEADLINE))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert servers
    assert not any(each._server.is_running() for each in servers)


async def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    run = serving(tmp_path)

    def ask(_board: Board) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    assert (await run.run(ask, run.forever, DEADLINE)).why is RunEnding.ASKED


async def test_it_ends_when_envoy_cannot_run(tmp_path: Path) -> None:
    run = serving(tmp_path)
    asyncio.get_running_loop().call_soon(
        run.onlooker.envoy_event, GatewayFleet(namespace="a", name="b"), GaveUp(reason="no such processor")
    )

    ended = await run.run(Boards(), run.forever, DEADLINE)

    assert (ended.why, ended.reason) == (RunEnding.GAVE_UP, "no such processor")


async def test_an_error_of_the_job_is_raised(tmp_path: Path) -> None:
    run = serving(tmp_path)

    async def job() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await run.run(Boards(), job, DEADLINE)


async def test_before_anything_was_read_nothing_is_settled(tmp_path: Path) -> None:
    run = serving(tmp_path)
    assert not settled(run.onlooker)

    standalone = run.onlooker.run
    assert standalone is not None
    standalone.step = standalone.folder.step({"shop.yaml": SHOP.encode()})
    standalone.has_read = True
    standalone.reconciler.submit(standalone.step.deltas)
    standalone.reconciler.step()

    assert not settled(run.onlooker)  # no proxy is there
