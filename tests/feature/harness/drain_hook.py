"""The preStop hook of a proxy, step by step."""

import asyncio


class DrainHook:
    """A hook that says for how long it would sleep, and goes on when it is told to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def sleeps(self) -> int | None:
        """Return the seconds that it wants to sleep, None when it has ended well."""
        assert self._process.stdout is not None
        async with asyncio.timeout(10):
            line = await self._process.stdout.readline()
            if not line:
                assert await self._process.wait() == 0
        return int(line) if line else None

    def wake(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")


async def started(command: tuple[str, ...]) -> DrainHook:
    """Start the hook that a command of `drain_command` runs."""
    bash, flag, script = command
    stepped = 'sleep() { echo "$1"; read -r _; }\n' + script
    pipe = asyncio.subprocess.PIPE
    return DrainHook(await asyncio.create_subprocess_exec(bash, flag, stepped, stdin=pipe, stdout=pipe))
