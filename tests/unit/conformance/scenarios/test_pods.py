"""What is killed in a pod is dead when that is said."""

import asyncio
import sys
from pathlib import Path

from conformance.scenarios.pods import PodHandle

OF_THIS_PROCESS = PodHandle(name="web-1", uid="u", address="10.244.0.9", ready=True, network="/proc/self/ns/net")
WORDS = "import time; time.sleep(600)  # to be killed"


async def test_what_is_killed_is_a_zombie_or_gone() -> None:
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", WORDS) for _ in range(3)]
    assert await OF_THIS_PROCESS.kill(WORDS.encode()) == len(started)
    assert {state(each.pid) for each in started} <= {"Z", ""}
    assert {await each.wait() for each in started} == {-9}


async def test_of_nobody_none_is_killed() -> None:
    assert await OF_THIS_PROCESS.kill(b"no process has these words in its " + b"command line") == 0


def state(process: int) -> str:
    """Return the letter that the kernel has for a process, "" when it is gone."""
    stat = Path(f"/proc/{process}/stat")
    return stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else ""
