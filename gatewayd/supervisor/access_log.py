"""Keeps the access log of one Envoy from filling the disk.

In: the file that Envoy appends to. When it is large it becomes `<name>.1`, in the place of the one before, and Envoy
begins a new one. https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin#post--reopen_logs
"""

import asyncio
from pathlib import Path
from typing import Final

from gatewayd.supervisor.envoy_admin import ask

LARGEST: Final = 32 * 1024 * 1024
"""Bytes at which a new file begins: some 60,000 requests."""
_LOOK: Final = 1.0


def earlier(log: Path) -> Path:
    """Return where the lines are that were in a log before it was begun anew."""
    return log.with_name(f"{log.name}.1")


async def bound(log: Path, admin: Path) -> None:
    """Look after a log until this is cancelled; there may be none. `admin` is Envoy's admin socket."""
    while True:
        await asyncio.sleep(_LOOK)
        if await asyncio.to_thread(set_aside, log):
            await ask(admin, "POST", "/reopen_logs")


def set_aside(log: Path, largest: int = LARGEST) -> bool:
    """Rename a log that is large; return whether it was. What cannot be renamed grows on."""
    try:
        if log.stat().st_size < largest:
            return False
        log.replace(earlier(log))
    except OSError:
        return False
    return True
