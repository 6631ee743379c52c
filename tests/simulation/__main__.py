"""`python -m tests.simulation SEEDS [FIRST]`: so many seeds, as many at once as there are cores.

Prints progress, and of each seed that fails what is wrong and the fewest of its faults that make it so; exits with 1
when there is one. Run it with PYTHONHASHSEED=0: the order of sets is part of a seed.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from time import monotonic

from rich.console import Console

from tests.simulation.faults import Fault, drawn
from tests.simulation.seeds import ROUNDS, Run, shrunk, simulated, whole

CONSOLE = Console(markup=False, highlight=False)


def reduced(seed: int) -> tuple[tuple[Fault, ...], Run]:
    """Return the fewest faults that make a seed fail, and that run."""
    faults = shrunk(drawn(seed, ROUNDS), lambda fewer: bool(simulated(seed, fewer).wrong))
    return faults, simulated(seed, faults)


def main(count: int, first: int) -> int:
    if os.environ.get("PYTHONHASHSEED") != "0":
        CONSOLE.print("PYTHONHASHSEED=0 is needed: the order of sets is part of a seed")
        return 2
    began, failed = monotonic(), []
    with ProcessPoolExecutor() as processes:
        running = {processes.submit(whole, seed): seed for seed in range(first, first + count)}
        for number, done in enumerate(as_completed(running), 1):
            if done.result().wrong:
                failed.append(running[done])
                CONSOLE.print(f"seed {running[done]} fails: {done.result().wrong[1]}")
            if number % 10 == 0 or number == count:
                CONSOLE.print(f"{number}/{count} seeds, {len(failed)} failed, {monotonic() - began:.0f} s")
        for seed, (faults, run) in zip(sorted(failed), processes.map(reduced, sorted(failed)), strict=True):
            CONSOLE.print(f"\nseed {seed}, {len(faults)} faults are enough:", *faults, *run.wrong, sep="\n  ")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
