"""`python -m tests.round_trip COUNT [FIRST]`: so many sets of drawn Ingresses from a number on, in a process a core.

Prints progress, and of each set that is wrong its number and the first requests that show it; exits with 1 when there
is one.
"""

import logging
import sys
from time import monotonic

import structlog
from rich.console import Console

from tests.drawn_in_processes import in_processes
from tests.round_trip.generator import drawn
from tests.round_trip.judge import judged

CONSOLE = Console(markup=False, highlight=False, soft_wrap=True)
SHOWN = 3


def all_judged(seeds: range) -> tuple[int, int, list[str]]:
    """Judge sets; return how many requests were asked and compared, and what is wrong."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asked, compared, wrong = 0, 0, []
    for seed in seeds:
        judgement = judged(drawn(seed))
        asked, compared = asked + judgement.asked, compared + judgement.compared
        if judgement.wrong:
            shown = (str(each) for each in judgement.wrong[:SHOWN])
            wrong.append("\n  ".join((f"set {seed} is wrong, {len(judgement.wrong)} requests:", *shown)))
    return asked, compared, wrong


def main(count: int, first: int) -> int:
    began, asked, compared, done, wrong = monotonic(), 0, 0, 0, 0
    for seeds, (own_asked, own_compared, faults) in in_processes(all_judged, count, first):
        asked, compared = asked + own_asked, compared + own_compared
        done, wrong = done + len(seeds), wrong + len(faults)
        for fault in faults:
            CONSOLE.print(fault)
        CONSOLE.print(
            f"{done}/{count} sets of Ingresses, {asked} requests, {compared} compared, {wrong} sets wrong,"
            f" {monotonic() - began:.0f} s"
        )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
