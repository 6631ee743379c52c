"""Numbers that something is drawn from, judged in a process a core."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final, TypeVar

AT_ONCE: Final = 50
"""Numbers that one call gets: what it starts is then replaced, so that a crash costs the others little."""

_Found = TypeVar("_Found")


def in_processes(judge: Callable[[range], _Found], count: int, first: int) -> Iterator[tuple[range, _Found]]:
    """Judge so many numbers from `first` on; yield what was found of some of them, as soon as that is known."""
    slices = [range(at, min(at + AT_ONCE, first + count)) for at in range(first, first + count, AT_ONCE)]
    with ProcessPoolExecutor(max_workers=min(len(slices), os.cpu_count() or 1)) as processes:
        running = {processes.submit(judge, each): each for each in slices}
        for done in as_completed(running):
            yield running[done], done.result()
