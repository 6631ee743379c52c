"""How something grows: a line through samples."""

from __future__ import annotations

from collections.abc import Sequence

Sample = tuple[float, float]
"""Seconds, and what was measured then."""


def slope(samples: Sequence[Sample]) -> float:
    """Return by how much the line of least squares rises in a second; 0 for fewer than two moments."""
    if len({moment for moment, _ in samples}) < 2:
        return 0.0
    count = len(samples)
    middle = sum(moment for moment, _ in samples) / count
    mean = sum(value for _, value in samples) / count
    spread = sum((moment - middle) ** 2 for moment, _ in samples)
    return sum((moment - middle) * (value - mean) for moment, value in samples) / spread


def after_warm_up(samples: Sequence[Sample], share: float) -> Sequence[Sample]:
    """Return the samples after a share of the time."""
    if not samples:
        return samples
    first, last = samples[0][0], samples[-1][0]
    return [sample for sample in samples if sample[0] >= first + share * (last - first)]


def growth(samples: Sequence[Sample]) -> float:
    """Return by how much the line rises from the first sample to the last."""
    return slope(samples) * (samples[-1][0] - samples[0][0]) if samples else 0.0
