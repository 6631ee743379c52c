"""What a process does that serves or steers and nothing else: its work until a signal says to end, or why it cannot.

docs/decisions/0016-a-replica-has-a-process-without-the-command-line.md
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from gatewayd.run.causes import causes
from gatewayd.run.exit_codes import CANNOT_START, OK
from gatewayd.telemetry import logs
from gatewayd.untrusted.printable import printable

Work = Coroutine[Any, Any, None]


def worked(
    work: Callable[[], Work], *, verb: str, log_level: str, told: Callable[[Exception], Iterable[str]] = causes
) -> int:
    """Do the work until a signal says to end; return the exit code.

    Where it cannot be done, that it cannot `verb` is written to stderr with each line that `told` makes of the reason.
    """
    try:
        logs.configure(log_level, logs.destination_for(sys.stderr, None))
        asyncio.run(until_terminated(work()))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why nothing is done
        for cause in told(error):
            sys.stderr.write(f"gatewayd: cannot {verb}: {printable(cause)}\n")
        return CANNOT_START
    return OK


async def until_terminated(work: Work) -> None:
    """Do the work until the process is told to end."""
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
