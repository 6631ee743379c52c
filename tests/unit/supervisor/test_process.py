"""The supervisor with scripts in Envoy's place; tests/feature/test_supervisor.py has the real one."""

import asyncio
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gatewayd.ir.backoff import Backoff
from gatewayd.supervisor import process
from gatewayd.supervisor.events import Draining, EnvoyEvent, Exited, GaveUp, LogLine, Started, Stopped, Up
from gatewayd.supervisor.process import RESTART, EnvoyCommand, Supervisor

NO_WAIT = Backoff(first=0.001, factor=1.0, longest=0.001, stable=60.0)
DEADLINE = 20.0

UP = """
import os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind("admin.sock")
server.listen()
{}
while True:
    client = server.accept()[0]
    client.recv(1000)
    client.send(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n")
    client.close()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="x") as path:
        yield Path(path)


class Play:
    """A supervisor over a script, and what it has reported."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder = folder
        binary = folder / "envoy"
        binary.write_text(script)
        binary.chmod(0o755)
        self.reported: list[EnvoyEvent] = []
        self._news = asyncio.Event()
        self.supervisor = Supervisor(
            command=EnvoyCommand(
                binary=binary,
                bootstrap='{"secret": "canary"}',
                folder=folder,
                admin=folder / "admin.sock",
                concurrency=2,
                drain=0.0,
            ),
            backoff=NO_WAIT,
            clock=lambda: 0.0,
            random=lambda: 0.0,
            report=self._note,
        )

    def _note(self, event: EnvoyEvent) -> None:
        self.reported.append(event)
        self._news.set()

    async def run_to_the_end(self) -> str:
        async with asyncio.timeout(DEADLINE):
            return (await self.supervisor.run()).reason

    async def run_until(self, kind: type[EnvoyEvent]) -> None:
        """Run until the supervisor has reported such an event, then cancel it."""
        async with asyncio.timeout(DEADLINE):
            task = asyncio.ensure_future(self.supervisor.run())
            while not any(isinstance(event, kind) for event in self.reported):
                self._news.clear()
                await self._news.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def kinds(self) -> list[type[EnvoyEvent]]:
        return [type(event) for event in self.reported]


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def python(folder: Path, body: str) -> str:
    (folder / "body.py").write_text(UP.format(body))
    return f"#!/bin/sh\nexec python3 {folder}/body.py\n"


async def test_a_binary_that_cannot_run(folder: Path) -> None:
    play = Play(folder, "no program\n")
    assert await play.run_to_the_end() == (
        f"cannot run {folder}/envoy: Exec format error; --envoy-path names another build"
    )
    assert play.kinds() == [Started, GaveUp]


async def test_a_bootstrap_that_is_refused(folder: Path) -> None:
    play = Play(folder, "#!/bin/sh\necho 'critical main no listeners' >&2\nexit 1\n")
    with capture_logs() as logs:
        assert await play.run_to_the_end() == "Envoy refused its bootstrap (exit code 1): no listeners"
    assert logs == [
        {"event": "envoy says", "log_level": "critical", "component": "main", "message": "no listeners"},
    ]


async def test_crashes_before_it_is_up(folder: Path) -> None:
    play = Play(folder, "#!/bin/sh\nkill -SEGV $$\n")
    reason = await play.run_to_the_end()
    assert reason.startswith("Envoy ended 5 times before it was up, last by signal 11 (SIGSEGV)")
    assert play.kinds() == [Started, Exited] * 4 + [Started, GaveUp]
    assert play.reported[1] == Exited(code=-11, reason="signal 11 (SIGSEGV)", restart_in=0.0005)


async def test_crashes_after_it_was_up_are_forgiven(folder: Path) -> None:
    play = Play(
        folder,
        python(folder, "signal.setitimer(signal.ITIMER_REAL, 0.2); signal.signal(signal.SIGALRM, signal.SIG_DFL)"),
    )
    await play.run_until(Exited)
    assert play.kinds()[:3] == [Started, Up, Exited]


async def test_arguments_hold_no_secrets_and_the_bootstrap_is_private(folder: Path) -> None:
    play = Play(folder, '#!/bin/sh\necho "arguments $*"\nstat -c "%a %n" "$2"\ncat "$2"\nexit 1\n')
    await play.run_to_the_end()
    said = [line.message for line in play.supervisor.recent_lines]
    assert said[0].startswith(f"arguments --config-path {folder}/bootstrap.json --disable-hot-restart --concurrency 2 ")
    assert "canary" not in said[0]
    assert said[1:] == [f"600 {folder}/bootstrap.json", '{"secret": "canary"}']


def test_a_serialised_bootstrap_is_written_as_such(folder: Path) -> None:
    command = EnvoyCommand(
        binary=Path("/envoy"), bootstrap=b"\x0a\x00", folder=folder, admin=folder / "a", concurrency=1, drain=5.0
    )
    path = command.write_bootstrap()
    assert (path.name, path.read_bytes()) == ("bootstrap.pb", b"\x0a\x00")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ("--drain-time-s", "5") in zip(command.arguments(path), command.arguments(path)[1:], strict=False)


async def test_output_without_line_ends_is_cut(folder: Path) -> None:
    play = Play(folder, "#!/bin/sh\nhead -c 40000 /dev/zero | tr '\\0' x\nprintf '\\377\\n\\nend'\nexit 1\n")
    await play.run_to_the_end()
    lines = play.supervisor.recent_lines
    assert max(len(line.message) for line in lines) <= 16 * 1024
    assert lines[-1] == LogLine(level="warning", component="", message="end")


async def test_a_cancelled_start_leaves_no_process(folder: Path) -> None:
    play = Play(folder, "#!/bin/sh\nexec sleep 60\n")
    await play.run_until(Started)
    assert play.kinds() == [Started, Stopped]
    started = play.reported[0]
    assert isinstance(started, Started)
    assert not is_alive(started.pid)


async def test_one_that_does_not_listen_to_reason_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TERM_GRACE", 0.05)
    play = Play(folder, python(folder, "signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    await play.run_until(Up)
    assert play.kinds() == [Started, Up, Draining, Stopped]
    stopped = play.reported[-1]
    assert isinstance(stopped, Stopped)
    assert not is_alive(stopped.pid)


async def test_one_that_hangs_is_ended_by_force(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SILENCE", -1.0)
    play = Play(folder, "#!/bin/sh\nexec sleep 60\n")
    await play.run_until(Exited)
    assert play.reported[1] == Exited(code=-9, reason="signal 9 (SIGKILL)", restart_in=0.0005)


def test_the_first_restart_is_all_but_immediate() -> None:
    assert RESTART.delay(1, lambda: 0.99) < 0.05
    assert RESTART.delay(1, lambda: 0.0) > 0
