"""One Envoy as a child process: started, kept running, drained and stopped.

Invariants: at most one process at a time; it never outlives us (see `launch`); what it needs lies in a private folder
and never in its arguments or environment; every turn of events is reported as a value.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from gatewayd.ir.access_log import FILE
from gatewayd.ir.backoff import Backoff
from gatewayd.supervisor import launch
from gatewayd.supervisor.access_log import bound
from gatewayd.supervisor.envoy_admin import AdminResponse, NoAnswer, active_requests, ask
from gatewayd.supervisor.events import (
    LOG_FORMAT,
    Draining,
    EnvoyEvent,
    Exited,
    GaveUp,
    LogLine,
    Started,
    Stopped,
    Up,
    how_it_ended,
    parse_log_line,
    why_hopeless,
)
from gatewayd.supervisor.runtime_folder import write_private

LOG_EVENT: Final = "envoy says"
SILENT_EVENT: Final = "silent envoy killed"
TERM_GRACE: Final = 2.0
FLUSH: Final = 0.2
"""Seconds that lines of the access log wait for others; somebody looks at them while they come."""
SILENCE: Final = 30.0
"""Seconds without an answer after which Envoy is taken to hang, as it can in its own handler of SIGSEGV."""
_KEPT_LINES: Final = 200
_LONGEST_LINE: Final = 16 * 1024
_POLL: Final = 0.02
_HEALTH_POLL: Final = 5.0
_DRAIN_POLL: Final = 0.05

RESTART: Final = Backoff(first=0.05, longest=5.0, stable=30.0)
"""A crash costs requests, so the first restart is all but immediate; after a good while a crash counts as the first."""

_log = structlog.get_logger("gatewayd.supervisor.process")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoyCommand:
    """What to run. `bootstrap` is JSON as text or a serialised Bootstrap as bytes; `folder` is private to this Envoy.

    `admin` is the Unix socket that the bootstrap gives to the admin interface; `drain` the seconds that requests under
    way get to finish when Envoy is stopped.
    """

    binary: Path
    bootstrap: str | bytes
    folder: Path
    admin: Path
    concurrency: int
    drain: float

    def write_bootstrap(self) -> Path:
        """Write the bootstrap to the private folder, by the suffix that tells Envoy its format; return its path."""
        text = isinstance(self.bootstrap, str)
        path = self.folder / ("bootstrap.json" if text else "bootstrap.pb")
        write_private(path, self.bootstrap.encode() if isinstance(self.bootstrap, str) else self.bootstrap)
        return path

    def arguments(self, bootstrap: Path) -> tuple[str, ...]:
        """Return the arguments of Envoy itself; nothing secret is among them."""
        return (
            *("--config-path", str(bootstrap)),
            # No successor takes over by shared memory; a dynamic base id would leave a file in /dev/shm at each start.
            "--disable-hot-restart",
            *("--concurrency", str(self.concurrency)),
            *("--drain-time-s", str(drain_time(self.drain))),
            *("--drain-strategy", "immediate"),
            *("--file-flush-interval-msec", str(round(FLUSH * 1000))),
            *("--log-level", "warning"),
            *("--log-format", LOG_FORMAT),
            "--log-format-escaped",
        )


def drain_time(seconds: float) -> int:
    """Return the `--drain-time-s` of an Envoy whose requests get so many seconds to finish."""
    return max(1, round(seconds))


class Supervisor:
    """Runs one Envoy until it is cancelled or nothing helps."""

    def __init__(
        self,
        *,
        command: EnvoyCommand,
        backoff: Backoff,
        clock: Callable[[], float],
        random: Callable[[], float],
        report: Callable[[EnvoyEvent], None],
    ) -> None:
        """`clock` gives monotonic seconds, `random` numbers in [0, 1); `report` must not block."""
        self._command = command
        self._backoff = backoff
        self._clock = clock
        self._random = random
        self._report = report
        self._lines: deque[LogLine] = deque(maxlen=_KEPT_LINES)
        self._ever_up = False

    @property
    def recent_lines(self) -> tuple[LogLine, ...]:
        """The last lines that Envoy wrote, oldest first."""
        return tuple(self._lines)

    async def run(self) -> GaveUp:
        """Keep Envoy running; return when that is hopeless. Cancelling drains and stops it first."""
        bootstrap = await asyncio.to_thread(self._command.write_bootstrap)
        failures = 0
        while True:
            began = self._clock()
            code = await self._live(bootstrap)
            early_crashes = 0 if self._ever_up else failures + 1
            reason = why_hopeless(code, self.recent_lines, early_crashes)
            if reason is not None:
                gave_up = GaveUp(reason=reason)
                self._report(gave_up)
                return gave_up
            failures = self._backoff.failures_after(failures, self._clock() - began)
            wait = self._backoff.delay(failures, self._random)
            self._report(Exited(code=code, reason=how_it_ended(code), restart_in=wait))
            await asyncio.sleep(wait)

    async def _live(self, bootstrap: Path) -> int:
        """Run one process to its end; return its exit code."""
        self._lines.clear()
        await asyncio.to_thread(self._command.admin.unlink, missing_ok=True)
        began = self._clock()
        process = await self._spawn(bootstrap)
        self._report(Started(pid=process.pid))
        async with asyncio.TaskGroup() as tasks:
            output = tasks.create_task(self._read_output(process), name="envoy output")
            others = (
                tasks.create_task(self._attend(process, began), name="envoy attendant"),
                tasks.create_task(bound(self._command.folder / FILE, self._command.admin), name="envoy access log"),
            )
            try:
                code = await process.wait()
                await output
            except asyncio.CancelledError:
                await self._stop(process)
                raise
            finally:
                for task in others:
                    task.cancel()
        return code

    async def _spawn(self, bootstrap: Path) -> asyncio.subprocess.Process:
        launcher = (sys.executable, "-I", "-S", str(launch.__file__), str(os.getpid()))
        return await asyncio.create_subprocess_exec(
            *launcher,
            str(self._command.binary),
            *self._command.arguments(bootstrap),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._command.folder,
            # A group of its own: Ctrl-C in the terminal reaches us alone, so that we can drain first.
            process_group=0,
        )

    async def _read_output(self, process: asyncio.subprocess.Process) -> None:
        """Pass on each line of output until the end; a line without end is cut."""
        stream = process.stdout
        if stream is None:
            return
        rest = b""
        while data := await stream.read(_LONGEST_LINE):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._note(line)
        self._note(rest)

    def _note(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace").rstrip()
        if not text:
            return
        line = parse_log_line(text[:_LONGEST_LINE])
        self._lines.append(line)
        level = "debug" if line.level == "trace" else line.level
        getattr(_log, level)(LOG_EVENT, component=line.component, message=line.message)

    async def _attend(self, process: asyncio.subprocess.Process, began: float) -> None:
        """Tell when Envoy is up; end it by force when it has been silent for `SILENCE`.

        The admin socket takes connections before the bootstrap is read; it answers only once that is accepted.
        """
        pid, admin = process.pid, self._command.admin
        up = False
        heard = self._clock()
        while True:
            if isinstance(await ask(admin, "GET", "/ready"), AdminResponse):
                heard = self._clock()
                if not up:
                    up = self._ever_up = True
                    self._report(Up(pid=pid, seconds=heard - began))
            elif self._clock() - heard > SILENCE:
                _log.error(SILENT_EVENT, pid=pid, seconds=SILENCE)
                process.kill()
                return
            await asyncio.sleep(_HEALTH_POLL if up else _POLL)

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        """Drain, ask to end, and end by force; a second cancellation goes straight to force."""
        left = 0
        try:
            if process.returncode is None and self._ever_up:
                self._report(Draining(pid=process.pid))
                left = await self._drain()
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(TERM_GRACE):
                await process.wait()
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._report(Stopped(pid=process.pid, cut_off=left))

    async def _drain(self) -> int:
        """Stop accepting, wait for what is under way until the deadline; return how much of it is left.

        `healthcheck/fail` makes Envoy close each connection after its response.
        https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/draining
        """
        admin, until = self._command.admin, self._clock() + self._command.drain
        for target in ("/healthcheck/fail", "/drain_listeners"):
            if isinstance(await ask(admin, "POST", target), NoAnswer):
                return 0
        while True:
            active = await active_requests(admin)
            if isinstance(active, NoAnswer):
                return 0
            if active == 0 or self._clock() >= until:
                return active
            await asyncio.sleep(_DRAIN_POLL)
