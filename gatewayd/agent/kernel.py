"""The node's packet filter, by the program `nft`: transactions of commands in; out, what the table there is holds.

A transaction is taken as a whole or not at all. It takes CAP_NET_ADMIN in the network namespace that this is run in.
https://manpages.debian.org/bookworm/nftables/nft.8.en.html
"""

import asyncio
import json
import shutil
from collections.abc import Iterable

from gatewayd.agent import table as tables
from gatewayd.agent.table import FAMILY, TABLE, Command, FoundTable
from gatewayd.untrusted.printable import printable

_NFT = "/usr/sbin/nft"
"""Where Debian has it, which is on the search path of few."""
_LONGEST_TOLD = 500
"""Characters of what nft says: it repeats the whole transaction."""


class KernelError(Exception):
    """The kernel, or nft, did not take a transaction."""


async def apply(commands: Iterable[Command]) -> None:
    """Have one transaction taken; raises KernelError."""
    await _ran(("--file", "-"), stdin=json.dumps({"nftables": list(commands)}))


async def found() -> FoundTable | None:
    """Return what the table holds that is there; None where there is none."""
    try:
        return tables.found(await _ran(("list", "table", FAMILY, TABLE), stdin=""))
    except (KernelError, ValueError):
        return None


async def _ran(arguments: Iterable[str], *, stdin: str) -> str:
    """Run nft, and return what it prints; raises KernelError."""
    try:
        process = await asyncio.create_subprocess_exec(
            shutil.which("nft") or _NFT,
            "--json",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise KernelError(f"nft: cannot be started; {error.strerror}") from error
    try:
        printed, told = await process.communicate(stdin.encode())
    except asyncio.CancelledError:
        process.kill()  # or it could take place after what its caller does next
        await process.wait()
        raise
    if process.returncode:
        words = printable(" ".join(told.decode(errors="replace").split()))
        raise KernelError(f"nft: exit code {process.returncode}; {words[:_LONGEST_TOLD]}")
    return printed.decode(errors="replace")
