"""One container of a Pod: its process, its probes, its restarts with back-off, and its end.

The states are those of `ContainerState` in the Kubernetes API. `changed` is called after each change of what the
Pod's status says about this container.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conformance.harness import commands, podlogs, probes
from conformance.harness.downward import NotReadyError
from conformance.harness.handlers import HandlerFailedError, Target, attempt
from conformance.harness.images import UnknownImageError
from conformance.harness.kubeapi import Object

_FIRST_BACK_OFF, _LONGEST_BACK_OFF, _BACK_OFF_RESET = 1.0, 30.0, 120.0
_CONFIGURATION_RETRY = 1.0
# A kubelet notices a started container at its next look at the runtime. A backend without a readiness probe is
# announced that much later than it starts, which is what lets it listen by then.
_NOTICE_SECONDS = 0.3
_LEFT_OVER_SECONDS = 2.0
_HOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Not started: why, in one word and in a sentence."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Started at that moment."""

    since: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated:
    """Ended: `code` is the exit code, or 128 and the number of the signal."""

    code: int
    since: dt.datetime
    until: dt.datetime


State = Waiting | Running | Terminated


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How to start the container once."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    pid: Path  # where the id of the container's first process appears


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a container gets from its Pod: its address, its restart policy, its logs, how to launch it, whom to tell."""

    address: str
    policy: str
    logs: Path
    launch: Callable[[], Awaitable[Launch]]
    changed: Callable[[], None]


class Container:
    """A container as it is now; `run` keeps it running, `stop` ends it."""

    def __init__(self, spec: Object, setting: Setting) -> None:
        self.spec = spec
        self.name: str = spec["name"]
        self.state: State = Waiting(reason="PodInitializing")
        self.last_end: Terminated | None = None
        self.restarts = 0
        self.ready = False
        self.started = asyncio.Event()  # running, and past its startup probe
        self._setting = setting
        self._process: asyncio.subprocess.Process | None = None
        self._launched: Launch | None = None
        self._ended = asyncio.Event()
        self._stopping = asyncio.Event()
        self._starting = asyncio.Lock()  # so that `stop` never misses a process that is just being made

    async def run(self) -> None:
        """Start the process again and again as the restart policy says; return when it has ended for good."""
        back_off = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            ended = await self._run_once()
            if self._stopping.is_set() or not self._restarts_after(ended):
                return
            if time.monotonic() - began > _BACK_OFF_RESET:
                back_off = 0.0
            if back_off > 0:
                message = f"back-off {back_off:g}s restarting container {self.name}"
                self._set(Waiting(reason="CrashLoopBackOff", message=message))
                await asyncio.sleep(back_off)
            back_off = min(_LONGEST_BACK_OFF, back_off * 2 or _FIRST_BACK_OFF)
            self.restarts += 1

    async def stop(self, grace: float) -> None:
        """End the process: the preStop hook and SIGTERM within `grace` seconds, then SIGKILL."""
        self._stopping.set()
        async with self._starting:
            process = self._process
        if process is None:
            return
        deadline = time.monotonic() + grace
        hook = self.spec.get("lifecycle", {}).get("preStop")
        if hook is not None and grace > 0:
            with suppress(HandlerFailedError):
                await attempt(hook, self._target(), within=grace)
        if self._send(_stop_signal(self.spec)):
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await self._ended.wait()
        commands.signal_group(process.pid, signal.SIGKILL)
        await self._ended.wait()

    def log(self, *, previous: bool) -> Path:
        """Return the log of the present process, or of the one before it."""
        return self._log(self.restarts - 1 if previous else self.restarts)

    @property
    def ended(self) -> asyncio.Event:
        """Return the event that is set while no process runs."""
        return self._ended

    def enter(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return the command that runs `argv` inside the container."""
        pid = self._pid()
        if pid is None or self._launched is None:
            raise HandlerFailedError("the container is not running")
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid")
        variables = (f"{name}={value}" for name, value in self._launched.environment.items())
        return ("nsenter", f"--target={pid}", *namespaces, "--", "env", "-i", *variables, *argv)

    def _pid(self) -> int | None:
        """Return the id of the container's first process; None when there is none (yet)."""
        if self._process is None or self._launched is None:
            return None
        try:
            return int(self._launched.pid.read_text())
        except (FileNotFoundError, ValueError):  # not there yet, or not written yet
            return None

    def _send(self, number: signal.Signals) -> bool:
        """Signal the container's first process; return whether there was one."""
        pid = self._pid()
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return True

    def _log(self, restarts: int) -> Path:
        return self._setting.logs / self.name / f"{restarts}.log"

    def _restarts_after(self, ended: Terminated) -> bool:
        policy = self._setting.policy
        return policy == "Always" or (policy == "OnFailure" and ended.code != 0)

    def _set(self, state: State) -> None:
        self.state = state
        self._setting.changed()

    async def _launch(self) -> Launch | None:
        """Return how to start, waiting for what is missing; None when the container is to stop first."""
        while not self._stopping.is_set():
            try:
                return await self._setting.launch()
            except UnknownImageError as error:
                self._set(Waiting(reason="ErrImagePull", message=str(error)))
            except NotReadyError as error:
                self._set(Waiting(reason="CreateContainerConfigError", message=str(error)))
            await asyncio.sleep(_CONFIGURATION_RETRY)
        return None

    async def _run_once(self) -> Terminated:
        began = dt.datetime.now(dt.UTC)
        process = await self._start()
        if process is None:
            return Terminated(code=137, since=began, until=began)
        try:
            code = await self._attended(process, began)
        finally:
            commands.signal_group(process.pid, signal.SIGKILL)
        self._process = None
        self.ready = False
        self.started.clear()
        until = dt.datetime.now(dt.UTC)
        self.last_end = Terminated(code=code if code >= 0 else 128 - code, since=began, until=until)
        self._ended.set()
        self._set(self.last_end)
        return self.last_end

    async def _start(self) -> asyncio.subprocess.Process | None:
        launch = await self._launch()
        async with self._starting:
            if launch is None or self._stopping.is_set():
                return None
            self._launched = launch
            self._process = await asyncio.create_subprocess_exec(
                *launch.argv,
                env=launch.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
            self._ended.clear()
            return self._process

    async def _attended(self, process: asyncio.subprocess.Process, began: dt.datetime) -> int:
        """Log and observe a process until it ends; return its exit code (negative for a signal)."""
        async with asyncio.TaskGroup() as group:
            record = group.create_task(self._record(process))
            observe = group.create_task(self._observe(began))
            code = await process.wait()
            observe.cancel()
            commands.signal_group(process.pid, signal.SIGKILL)  # what the container's process left behind
            await asyncio.wait((record,), timeout=_LEFT_OVER_SECONDS)
            record.cancel()
        return code

    async def _record(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            await podlogs.record(process.stdout, self._log(self.restarts))

    async def _observe(self, began: dt.datetime) -> None:
        """Report the start, run the postStart hook and the probes."""
        await asyncio.sleep(_NOTICE_SECONDS)
        self._set(Running(since=began))
        hook = self.spec.get("lifecycle", {}).get("postStart")
        if hook is not None:
            try:
                await attempt(hook, self._target(), within=_HOOK_SECONDS)
            except HandlerFailedError:
                await self._kill()
                return
        if "startupProbe" in self.spec:
            await self._pass_startup()
        self.started.set()
        self.ready = "readinessProbe" not in self.spec
        self._setting.changed()
        async with asyncio.TaskGroup() as group:
            if "readinessProbe" in self.spec:
                group.create_task(
                    probes.watch(self.spec["readinessProbe"], self._target(), self._set_ready, eager=True)
                )
            if "livenessProbe" in self.spec:
                group.create_task(
                    probes.watch(self.spec["livenessProbe"], self._target(), self._stay_alive, eager=False)
                )

    async def _pass_startup(self) -> None:
        passed = asyncio.Event()

        async def judge(good: bool) -> None:  # noqa: FBT001 - a verdict is its only argument
            if good:
                passed.set()
            else:
                await self._kill()

        probe = asyncio.ensure_future(probes.watch(self.spec["startupProbe"], self._target(), judge, eager=True))
        try:
            await passed.wait()
        finally:
            probe.cancel()

    async def _set_ready(self, good: bool) -> None:  # noqa: FBT001 - a verdict is its only argument
        self.ready = good
        self._setting.changed()

    async def _stay_alive(self, good: bool) -> None:  # noqa: FBT001 - a verdict is its only argument
        if not good and not self._stopping.is_set():
            await self._kill()

    async def _kill(self) -> None:
        """End the present process, so that the restart policy applies."""
        if self._send(signal.SIGTERM):
            await asyncio.sleep(_LEFT_OVER_SECONDS)
        if self._process is not None:
            commands.signal_group(self._process.pid, signal.SIGKILL)

    def _target(self) -> Target:
        ports = {port["name"]: port["containerPort"] for port in self.spec.get("ports", ()) if "name" in port}
        return Target(address=self._setting.address, ports=ports, enter=self.enter)


def _stop_signal(spec: Object) -> signal.Signals:
    name = spec.get("lifecycle", {}).get("stopSignal", "SIGTERM")
    return signal.Signals[name]
