"""Two programs that stand beside each other and are asked in turn, so that what disturbs one disturbs the other too.

A program prints one line of JSON, of what it found while it started, and then a number for each line that it reads. In:
commands. Out: what each found, and by how much the one costs more than the other: differences of rounds, not of sums.
"""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

_ASK: Final = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a program found while it started, and a number for each round."""

    found: dict[str, Any]
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """By how much one costs more: the median of the rounds, and the range in which the middle half of them is."""

    median: float
    spread: float


def asked_in_turn(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Asked]:
    """Start the programs one after the other, ask each in each round, and end them. Raises where one of them ends."""
    with ExitStack() as stack:
        programs = {}
        found: dict[str, dict[str, Any]] = {}
        for name, command in commands.items():
            program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            programs[name] = stack.enter_context(program)
            found[name] = json.loads(_line(program))
        numbers: dict[str, list[float]] = {name: [] for name in programs}
        for at in range(rounds):
            # Who is first finds the caches of the one before.
            for name, program in sorted(programs.items(), reverse=bool(at % 2)):
                numbers[name].append(_asked(program))
    return {name: Asked(found=found[name], numbers=tuple(numbers[name])) for name in programs}


def _asked(program: "subprocess.Popen[str]") -> float:
    assert program.stdin is not None
    program.stdin.write(_ASK)
    program.stdin.flush()
    return float(_line(program))


def _line(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    line = program.stdout.readline()
    if not line:
        raise subprocess.CalledProcessError(program.wait(), program.args)
    return line


async def answer_in_turn(found: Mapping[str, Any], number: Callable[[], Awaitable[float]]) -> None:
    """Be such a program: print what was found, and a number for each line, until there is none any more."""
    print(json.dumps(found), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(await number(), flush=True)


def difference(one: Sequence[float], other: Sequence[float]) -> Difference:
    """Return by how much the first costs more than the second, round by round; two rounds at least."""
    more = [first - second for first, second in zip(one, other, strict=True)]
    lower, _, upper = statistics.quantiles(more, n=4, method="inclusive")
    return Difference(median=statistics.median(more), spread=upper - lower)
