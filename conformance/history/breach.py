"""What a check yields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Something that a guarantee forbids, when it happened (Unix seconds), in words."""

    at: float
    what: str
