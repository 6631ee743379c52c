"""Rows as lines with columns: one object a line, nothing wrapped, so that lines can be read, searched and cut.

In: heads and cells. Out: lines of equal columns; text of others is made harmless here.
"""

from collections.abc import Iterable, Sequence

from gatewayd.untrusted.printable import printable

_GAP = "  "


def columns(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the line of the heads and a line for each row."""
    table = [tuple(heads), *(tuple(printable(cell) or "-" for cell in row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return [_GAP.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def cut(line: str, width: int) -> str:
    """Return a line that is no wider than `width`; what is left out ends in dots."""
    return line if len(line) <= width else f"{line[: max(0, width - 3)]}..."[:width]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 error`, `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
