"""Bounds for counts of random events that fail by chance less than once in a thousand million runs."""

from math import sqrt

_DEVIATIONS = 6.5


def plausible(count: int, of: int, share: float) -> bool:
    """Say whether `count` of `of` independent events is what a probability of `share` gives.

    Bernstein's inequality, so that it holds for small shares as well, where a normal distribution does not.
    """
    variance = of * share * (1 - share)
    reach = _DEVIATIONS**2 / 2
    margin = reach / 3 + sqrt(reach * reach / 9 + 2 * reach * variance)
    return abs(count - of * share) <= margin
