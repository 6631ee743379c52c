"""What becomes of what was written: of each field, whether it is there again, and if not, what is different.

In: what the sources' modules find. Out: `Item`s for a report, each with its object, field path, file and line.
"""

from dataclasses import dataclass
from typing import Self

from gatewayd.convert.source import SourceObject
from gatewayd.translator.nginx.fates import Fate, Fidelity

__all__ = ("Fate", "Fidelity", "Item")


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
