"""`python -m tests.mutants [WORDS]`: every mutant, or those whose rule or file has these words, and who killed it.

Exits with 1 when one survives. It is a target of its own, since it takes minutes.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from time import monotonic

from rich.console import Console
from rich.table import Table

from tests.mutants.copies import Copy, Fate, Verdict
from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS


def chosen(words: Sequence[str]) -> tuple[Mutant, ...]:
    return tuple(each for each in MUTANTS if all(word in f"{each.rule} {each.path}" for word in words))


def verdicts(mutants: Sequence[Mutant], copies: Sequence[Copy]) -> Iterator[tuple[Mutant, Verdict]]:
    """Judge the mutants, as many at once as there are copies; yield each when it is judged."""
    free: Queue[Copy] = Queue()
    for copy in copies:
        free.put(copy)

    def judged(mutant: Mutant) -> Verdict:
        copy = free.get()
        try:
            return copy.judge(mutant)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as threads:
        running = {threads.submit(judged, mutant): mutant for mutant in mutants}
        for done in as_completed(running):
            yield running[done], done.result()


def table(rows: Sequence[tuple[Mutant, Verdict]]) -> Table:
    drawn = Table(title="mutants")
    for name in ("rule that is broken", "file", "fate", "by"):
        drawn.add_column(name, overflow="fold")
    for mutant, verdict in sorted(rows, key=lambda row: MUTANTS.index(row[0])):
        drawn.add_row(
            mutant.rule, mutant.path.removeprefix("gatewayd/"), verdict.fate.value, verdict.by.split("::")[-1]
        )
    return drawn


def main(words: Sequence[str]) -> int:
    console, began, mutants = Console(), monotonic(), chosen(words)
    named = sorted({test for mutant in mutants for test in mutant.tests})
    with TemporaryDirectory() as folder:
        copies = [Copy(Path(folder, str(number))) for number in range(os.cpu_count() or 1)]
        console.print(
            f"{len(mutants)} mutants, {len(named)} tests, {len(copies)} at a time; the tests without a mutant"
        )
        sound = copies[0].run(named)
        if sound.fate is not Fate.SURVIVED:
            console.print(f"the tree itself does not pass: {sound.by}")
            return 1
        rows: list[tuple[Mutant, Verdict]] = []
        for mutant, verdict in verdicts(mutants, copies):
            rows.append((mutant, verdict))
            console.print(
                f"{len(rows):3}/{len(mutants)} {monotonic() - began:4.0f} s {verdict.fate.value:10}{mutant.rule}"
            )
    console.print(table(rows))
    lost = [mutant.rule for mutant, verdict in rows if verdict.fate is not Fate.KILLED]
    console.print(f"{len(rows) - len(lost)} of {len(rows)} killed in {monotonic() - began:.0f} s")
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
