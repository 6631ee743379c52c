import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
import structlog

from gatewayd.run.exit_codes import CANNOT_START, OK
from gatewayd.run.process import worked


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_work_which_may_clean_up(number: signal.Signals) -> None:
    ended: list[str] = []

    async def work() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    assert worked(work, verb="serve", log_level="info") == OK
    assert ended == ["cleaned up"]


def test_what_cannot_be_done_is_told_with_every_reason(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        raise ExceptionGroup("both", [KeyError("one\x1b[2J"), OSError("another")])

    assert worked(work, verb="steer", log_level="info") == CANNOT_START
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" (")[0] for line in lines] == [
        r"gatewayd: cannot steer: KeyError: 'one\x1b[2J'",
        "gatewayd: cannot steer: OSError: another",
    ]


def test_who_knows_better_tells_it_in_other_words(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        raise OSError("whatever it says")

    assert worked(work, verb="serve", log_level="info", told=lambda _error: ("no kubeconfig",)) == CANNOT_START
    assert capsys.readouterr().err == "gatewayd: cannot serve: no kubeconfig\n"
