"""Copies of the tree in temporary folders, in which one mutant at a time stands and its tests run.

In: a mutant. Out: what became of it. The tree itself is never touched.
"""

import compileall
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from tests.mutants.mutant import Mutant

ROOT: Final = Path(__file__).parents[2]
LEFT_OUT: Final = shutil.ignore_patterns(".*", "__pycache__", "*.md", "results")
SECONDS: Final = 600.0
"""Longer than any of the named tests takes; a mutant that waits for ever is not told from one that is slow."""
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_TESTS_FAILED: Final = 1
"""What pytest exits with when tests ran and some failed; anything else is no verdict."""


class Fate(Enum):
    """What became of a mutant; only the first is good."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    UNDECIDED = "UNDECIDED"


class Verdict(NamedTuple):
    """`by` is the test that failed first, or what was said instead."""

    fate: Fate
    by: str


class Copy:
    """One copy; nobody else may use its folder."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "tree"
        shutil.copytree(ROOT, self._root, ignore=LEFT_OUT)
        # What a mutant changes is compiled anew each time, all else only here.
        for part in ("gatewayd", "tests"):
            compileall.compile_dir(self._root / part, quiet=1)

    def judge(self, mutant: Mutant) -> Verdict:
        """Run a mutant's tests on it. Raises ValueError when it no longer fits the tree."""
        path = self._root / mutant.path
        text = path.read_text(encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()
        path.write_text(mutant.mutated(self._root), encoding="utf-8")
        try:
            return self.run(mutant.tests)
        finally:
            path.write_text(text, encoding="utf-8")

    def run(self, tests: Sequence[str]) -> Verdict:
        """Run tests until the first fails."""
        command = (
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            "--hypothesis-seed=0",
        )
        environment = {**os.environ, "PYTHONPATH": str(self._root), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                (*command, *tests),
                cwd=self._root,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict(Fate.UNDECIDED, f"no end after {SECONDS:.0f} s")
        if done.returncode == 0:
            return Verdict(Fate.SURVIVED, ", ".join(tests))
        failed = _FAILED.search(done.stdout)
        if done.returncode != _TESTS_FAILED or failed is None:
            return Verdict(Fate.UNDECIDED, (done.stdout + done.stderr).strip()[-300:])
        return Verdict(Fate.KILLED, failed[1])
