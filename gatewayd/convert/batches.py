"""A sequence cut into parts that are not too long."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Element = TypeVar("Element")


def batches(whole: Sequence[Element], most: int) -> Iterator[tuple[Element, ...]]:
    """Yield the parts, all but the last of them as long as they may be."""
    for start in range(0, len(whole), most):
        yield tuple(whole[start : start + most])
