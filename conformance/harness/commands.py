"""Run one short command to its end, and stop a process group."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress


class CommandError(Exception):
    """A command ended with a code other than 0; the message holds the command and what it printed."""


async def output(argv: Sequence[str], *, stdin: str = "") -> str:
    """Run `argv`, feed it `stdin`, return what it printed; `CommandError` when it fails."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    printed, _ = await process.communicate(stdin.encode())
    text = printed.decode(errors="replace")
    if process.returncode != 0:
        raise CommandError(f"{' '.join(argv)}: ended with {process.returncode}: {text.strip()}")
    return text


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to every process of a group; a group that is gone already is fine."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)
