"""`python -m tests.worlds WORLDS [FIRST]`: so many worlds from a number on, in as many Envoys as there are cores.

Prints progress, and of each world that is wrong its number, what is wrong, and the file of the corpus that keeps it;
exits with 1 when there is one.
"""

import asyncio
import logging
import sys
from time import monotonic

import structlog
from rich.console import Console

from tests.drawn_in_processes import in_processes
from tests.worlds.corpus import keep
from tests.worlds.generator import world
from tests.worlds.judge import Judge
from tests.worlds.rig import running_rig

CONSOLE = Console(markup=False, highlight=False, soft_wrap=True)


async def _judged(seeds: range) -> tuple[int, list[str]]:
    """Judge worlds; return how many requests that took, and what is wrong."""
    wrong = []
    async with running_rig() as rig:
        judge = Judge(rig)
        for seed in seeds:
            drawn = world(seed)
            if faults := await judge.faults(drawn):
                path = await keep(judge, drawn, faults)
                wrong.append("\n  ".join((f"world {seed} is wrong, kept as {path}:", *(each.text for each in faults))))
        return judge.asked, wrong


def judged(seeds: range) -> tuple[int, list[str]]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return asyncio.run(_judged(seeds))


def main(count: int, first: int) -> int:
    began, requests, worlds, wrong = monotonic(), 0, 0, 0
    for seeds, (asked, faults) in in_processes(judged, count, first):
        requests, worlds, wrong = requests + asked, worlds + len(seeds), wrong + len(faults)
        for each in faults:
            CONSOLE.print(each)
        CONSOLE.print(
            f"worlds {seeds.start} to {seeds.stop - 1}: {worlds}/{count} done, {requests} requests,"
            f" {wrong} wrong, {monotonic() - began:.0f} s"
        )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
