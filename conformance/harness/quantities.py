"""Kubernetes quantities (`250m`, `64Mi`) as numbers, for the downward API."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

_SUFFIXES = {
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
}


def quantity(text: str) -> Decimal:
    """Return the value of a quantity."""
    for suffix, factor in _SUFFIXES.items():
        if text.endswith(suffix):
            return Decimal(text.removesuffix(suffix)) * factor
    return Decimal(text)


def divided(text: str, divisor: str) -> int:
    """Return a quantity in units of `divisor` (0 means 1), rounded up as the kubelet does."""
    unit = quantity(divisor) or Decimal(1)
    return int((quantity(text) / unit).to_integral_value(rounding=ROUND_CEILING))
