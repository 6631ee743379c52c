"""What becomes of a field that was written for another controller, and of each annotation of ingress-nginx."""

from dataclasses import dataclass
from enum import StrEnum


class Fidelity(StrEnum):
    """How much of a field is there again: all, nearly all, nothing until somebody does something, or nothing."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    MANUAL = "manual"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of the field at `path`; `message` says by how much it differs, or what is to be done.

    `protects`: the field keeps somebody out, so that without it a door is open; `guessed`: nobody knows the field, and
    it is called like one that does.
    """

    path: str
    fidelity: Fidelity
    message: str
    protects: bool = False
    guessed: bool = False

    @property
    def opens(self) -> bool:
        """Whether a protection is gone."""
        return self.protects and self.fidelity is Fidelity.LOST
