"""`python -m tests.worlds WORLDS [FIRST]`: so many worlds from a number on, in as many Envoys as there are cores.

Prints progress, and of each world that is wrong its number, what is wrong, and the file of the corpus that keeps it;
exits with 1 when there is one.
"""

import asyncio
import logging
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from time import monotonic

import structlog
from rich.console import Console

from tests.worlds.corpus import keep
from tests.worlds.generator import world
from tests.worlds.judge import Judge
from tests.worlds.rig import running_rig

CONSOLE = Console(markup=False, highlight=False, soft_wrap=True)
AT_ONCE = 50
"""Worlds that one Envoy lives through before it is replaced, so that a crash costs the others little."""


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
    slices = [range(at, min(at + AT_ONCE, first + count)) for at in range(first, first + count, AT_ONCE)]
    with ProcessPoolExecutor(max_workers=min(len(slices), os.cpu_count() or 1)) as processes:
        running = {processes.submit(judged, seeds): seeds for seeds in slices}
        for done in as_completed(running):
            asked, faults = done.result()
            requests, worlds, wrong = requests + asked, worlds + len(running[done]), wrong + len(faults)
            for each in faults:
                CONSOLE.print(each)
            CONSOLE.print(
                f"worlds {running[done].start} to {running[done].stop - 1}: {worlds}/{count} done, {requests} requests,"
                f" {wrong} wrong, {monotonic() - began:.0f} s"
            )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
