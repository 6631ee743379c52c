"""What becomes of what was written: of each field, whether it is there again, and if not, what is different.

In: what the sources' modules find. Out: `Item`s for a report, each with its object, field path, file and line.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from gatewayd.convert.source import SourceObject


class Fidelity(StrEnum):
    """How much of a field is there again: all, nearly all, nothing until somebody does something, or nothing."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    MANUAL = "manual"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of the field at `path`; `message` says by how much it differs, or what is to be done.

    `protects`: the field keeps somebody out, so that without it a door is open.
    """

    path: str
    fidelity: Fidelity
    message: str
    protects: bool = False

    @property
    def opens(self) -> bool:
        """Whether a protection is gone."""
        return self.protects and self.fidelity is Fidelity.LOST


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Item:
    """A fate and where what it is about stands; `line` counts from 1."""

    file: str
    line: int
    object: str
    path: str
    fidelity: Fidelity
    message: str
    protects: bool

    @classmethod
    def of(cls, source: SourceObject, fate: Fate) -> Self:
        """Return the fate of a field of an object."""
        place = source.place
        return cls(
            file=place.file,
            line=place.line_of(fate.path) if fate.path else place.line,
            object=source.name,
            path=fate.path,
            fidelity=fate.fidelity,
            message=fate.message,
            protects=fate.protects,
        )
