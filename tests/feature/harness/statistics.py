"""Bounds for counts of random events that fail by chance less than once in a thousand million runs."""

from math import exp, lgamma, log

_LEAST = 1e-9


def plausible(count: int, of: int, share: float) -> bool:
    """Say whether `count` of `of` independent events is what a probability of `share` gives.

    By the tails of the binomial distribution itself: no approximation is good enough so far out.
    """
    if share in (0.0, 1.0):
        return count == of * share
    below = sum(_chance(each, of, share) for each in range(count + 1))
    above = sum(_chance(each, of, share) for each in range(count, of + 1))
    return min(below, above) > _LEAST


def _chance(count: int, of: int, share: float) -> float:
    ways = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
    return exp(ways + count * log(share) + (of - count) * log(1 - share))
