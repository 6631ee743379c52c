"""What the readers of parameters say of a value that they do not take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Why a value cannot be taken: what is wrong; what is allowed."""

    why: str
