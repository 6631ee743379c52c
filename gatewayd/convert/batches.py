"""A sequence cut into parts that are not too long, and what objects made of the parts are called."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Element = TypeVar("Element")


def batches(whole: Sequence[Element], most: int) -> Iterator[tuple[Element, ...]]:
    """Yield the parts, all but the last of them as long as they may be."""
    for start in range(0, len(whole), most):
        yield tuple(whole[start : start + most])


def numbered(name: str, number: int) -> str:
    """Return a name for each part of what does not fit into one object, in the order of the parts."""
    return f"{name}-{number + 1:02}" if number else name
