"""A mutant: a rule of ours turned into its opposite, and the tests that must fail with it.

A claim that no test would lose is no claim. Each is what a person could write by mistake and a reviewer could miss.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`before` stands in the file once and becomes `after`; `tests` are pytest's names of what must fail.

    `rule` says what is broken, in words that are this mutant's alone.
    """

    rule: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]

    def mutated(self, root: Path) -> str:
        """Return the text of the file below `root` with the mutant in it. Raises ValueError for no place or two."""
        text = (root / self.path).read_text(encoding="utf-8")
        if text.count(self.before) != 1:
            raise ValueError(
                f"{self.path}: {self.before!r} stands there {text.count(self.before)} times; once is allowed"
            )
        return text.replace(self.before, self.after)
