"""A program that is told things line by line, and what it has used of the machine."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.process import Usage, usage

QUIET = 0.05
"""Seconds between two looks at processes that are to become idle."""
IDLE = 0.1
"""The share of a core below which processes count as idle: what timers and keepalives use and wait for."""


class Program:
    """A child process that answers each line on its standard input with one on its standard output."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def hear(self) -> str:
        """Return the next line; raises RuntimeError when the program has ended."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"process {self.pid} ended with {await self._process.wait()}")
        return line.decode().strip()

    async def ask(self, what: Mapping[str, Any]) -> dict[str, Any]:
        """Tell and hear JSON."""
        await self.tell(json.dumps(what))
        answer: dict[str, Any] = json.loads(await self.hear())
        return answer

    def cpu(self) -> float:
        """Return the CPU seconds (user and system) of all threads that live, to the nanosecond."""
        return self.scheduled()[0]

    def scheduled(self) -> tuple[float, float]:
        """Return how long the threads have run, and how long they have waited for a core (schedstat, in ns)."""
        threads = [each.read_text().split() for each in Path(f"/proc/{self.pid}/task").glob("*/schedstat")]
        return sum(int(each[0]) for each in threads) / 1e9, sum(int(each[1]) for each in threads) / 1e9

    def usage(self) -> Usage:
        return usage(self.pid)


async def settled(programs: Sequence[Program], looks: int = 1) -> None:
    """Wait until no thread of the programs has run or waited for a core between so many looks in a row."""
    before, quiet = _busy(programs), 0
    while quiet < looks:
        await asyncio.sleep(QUIET)
        now = _busy(programs)
        quiet = quiet + 1 if now - before < QUIET * IDLE else 0
        before = now


def _busy(programs: Sequence[Program]) -> float:
    return sum(sum(each.scheduled()) for each in programs)


@asynccontextmanager
async def program(*command: str) -> AsyncIterator[Program]:
    """Run a program as long as the block lasts."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]
