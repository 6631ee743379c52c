"""Pods of the cluster as the node sees them: their processes, their network namespace, their admin interface."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.harness.addresses import NAMESPACES_DIRECTORY
from gatewayd.infra import layout

REPLICA_WORDS = b"-m gatewayd.run.replica"
AGENT_WORDS = b"-m gatewayd.run.agent"
_OF_NODE = "/proc/self/ns/net"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodHandle:
    """A running Pod. `network` is the file of its network namespace."""

    name: str
    uid: str
    address: str
    ready: bool
    network: str

    def within(self, *command: str) -> tuple[str, ...]:
        """Return what runs a command of the node in the Pod's network."""
        return ("nsenter", f"--net={self.network}", "--", *command)

    def processes(self, words: bytes) -> Iterator[int]:
        """Yield the processes in the Pod's network whose command line has `words` (arguments joined by blanks)."""
        with suppress(OSError):
            own = Path(self.network).stat().st_ino
            for folder in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    if (folder / "ns/net").stat().st_ino == own and words in _command(folder):
                        yield int(folder.name)

    def signal(self, number: signal.Signals, words: bytes = REPLICA_WORDS) -> int:
        """Send a signal to gatewayd in the Pod, or to what else `words` find; return how many processes got it."""
        sent = 0
        for process in self.processes(words):
            with suppress(ProcessLookupError):
                os.kill(process, number)
                sent += 1
        return sent

    async def kill(self, words: bytes) -> int:
        """Kill what `words` find in the Pod, wait until it is dead, and return how many processes that were.

        One that was sent the signal reads for some milliseconds more; once it is a zombie, its sockets are closed.
        """
        with ExitStack() as watched:
            waited = []
            for process in self.processes(words):
                with suppress(ProcessLookupError):
                    waited.append(watched.enter_context(_watched(process)))
            for descriptor in waited:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            await asyncio.gather(*map(_readable, waited))
            return len(waited)

    async def admin(self, page: str) -> bytes:
        """Return a page of the Envoy in the Pod."""
        process = next(self.processes(b"--service-node"), None)
        if process is None:
            raise RuntimeError(f"no Envoy runs in the Pod {self.name}")
        socket = f"/proc/{process}/root{layout.ADMIN_SOCKET}"
        url = f"http://localhost/{page}"
        return await output("curl", "--silent", "--fail", "--max-time", "10", "--unix-socket", socket, url)

    async def is_connected(self) -> bool:
        """Return whether the Envoy in the Pod has a stream."""
        return b"connected_state: 1" in await self.admin("stats?filter=^control_plane.connected_state$")

    async def config_dump(self) -> Any:
        """Return everything that the Envoy in the Pod has."""
        return json.loads(await self.admin("config_dump?include_eds"))


def handle(pod: dict[str, Any]) -> PodHandle:
    """Return the handle of a Pod object."""
    status = pod.get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
    uid = pod["metadata"]["uid"]
    is_of_node = pod["spec"].get("hostNetwork", False)
    return PodHandle(
        name=pod["metadata"]["name"],
        uid=uid,
        network=_OF_NODE if is_of_node else f"{NAMESPACES_DIRECTORY}/pod-{uid}",
        address=status.get("podIP", ""),
        ready=conditions.get("Ready") == "True",
    )


def _command(process: Path) -> bytes:
    return (process / "cmdline").read_bytes().replace(b"\0", b" ")


@contextmanager
def _watched(process: int) -> Iterator[int]:
    descriptor = os.pidfd_open(process)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(descriptor, ended.set_result, None)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)


async def output(*command: str, stdin: bytes = b"") -> bytes:
    """Run a command and return what it printed; raises RuntimeError when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate(stdin)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: ended with {process.returncode}: {err.decode().strip()}")
    return out
