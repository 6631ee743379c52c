"""What is taken of an object of Envoy Gateway's kinds, and how the pieces of a translation tell of the rest."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import Problem


class TakenSection(NamedTuple):
    """A section of one of our policies, by its attribute; `path` is the field of theirs that it was made of."""

    name: str
    value: PolicySection
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPolicy:
    """What an object comes to: sections, what cannot be had of it, and what does something else here."""

    sections: tuple[TakenSection, ...]
    refused: tuple[Problem, ...]
    differs: tuple[Problem, ...]


NOTHING_TAKEN = TakenPolicy(sections=(), refused=(), differs=())


@dataclass(slots=True)
class Telling:
    """What a translation has to tell so far of a policy of a namespace. Mutable while it lasts."""

    namespace: str
    refused: list[Problem] = field(default_factory=list)
    differs: list[Problem] = field(default_factory=list)

    def refuse(self, path: str, why: str) -> None:
        """Say that something cannot be had, and what can."""
        self.refused.append(Problem(path=path, message=why))

    def has_refused_below(self, path: str) -> bool:
        """Return whether something below a field cannot be had."""
        return any(each.path.startswith((f"{path}.", f"{path}[")) for each in self.refused)

    def result(self, sections: Iterable[TakenSection]) -> TakenPolicy:
        """Return all of it, with the sections that are taken; what they tell of comes while they are made."""
        taken = tuple(sections)
        return TakenPolicy(sections=taken, refused=tuple(self.refused), differs=tuple(self.differs))

    def differ(self, path: str, how: str) -> None:
        """Say that something does something else here."""
        self.differs.append(Problem(path=path, message=how))
