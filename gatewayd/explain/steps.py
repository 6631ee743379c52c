"""What `gatewayd why` says of an object: steps, each good, bad or just to be known, indented by what they depend on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.policies import SectionInForce
from gatewayd.explain.words import rule_place
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.conditions import OVERRIDDEN, WARNING, is_good
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import FleetReport, Verdict
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.folder import PlaceOf


class Mark(Enum):
    """How a step is."""

    GOOD = "good"
    BAD = "bad"
    INFO = "info"


class Words(NamedTuple):
    """What a step is about, and what it says of it."""

    subject: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of the chain; `depth` is how far it is indented, `place` where it stands as `file:line`, "" unknown.

    `withheld`: the words without values that users wrote, for whoever else is shown the step; None: there are none.
    """

    depth: int
    mark: Mark
    subject: str
    says: str
    place: str = ""
    withheld: Words | None = None

    @property
    def for_others(self) -> Words:
        """The words in which there is nothing that a user may have written a secret into."""
        return self.withheld or Words(self.subject, self.says)


Report = Callable[[FleetKey], FleetReport | None]
"""What the proxies of a fleet have; None when there is nobody to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Whom a chain is made from: what was decided, what proxies have of it, and where objects stand in files."""

    engine: Engine
    report: Report
    place_of: PlaceOf

    def place(self, member: Member, field: str = "") -> str:
        """Return where an object, or a field of it, stands; "" where it stands in no file."""
        return self.place_named(BY_STRUCT[member.table].kind, member.key, field)

    def place_named(self, kind: str, key: object, field: str = "") -> str:
        """Return the same of an object by the name of its kind."""
        return rule_place(Identity(kind, key), field, self.place_of) if isinstance(key, ObjectKey) else ""


def member_name(member: Member) -> str:
    """Return `HTTPRoute shop/cart`."""
    return f"{member.table.__name__} {member.key}"


_AS_WANTED: Final = frozenset({OVERRIDDEN, WARNING})
"""Tell of what is done in another way than written, and not of what fails."""


def verdict_step(depth: int, subject: str, verdict: Verdict, place: str = "") -> Step:
    """Return what a condition says; `place` is where its cause stands."""
    mark = Mark.GOOD if is_good(verdict) else Mark.INFO if verdict.type in _AS_WANTED else Mark.BAD
    return Step(depth=depth, mark=mark, subject=subject, says=verdict.message or verdict.reason, place=place)


def policy_step(known: Knowledge, depth: int, subject: str, section: SectionInForce) -> Step:
    """Return what a section of a policy that is in force says."""
    mark = Mark.BAD if section.problem else Mark.INFO
    place = known.place_named(section.kind, section.key, section.path)
    withheld = Words(subject, section.withheld)
    return Step(depth=depth, mark=mark, subject=subject, says=str(section), place=place, withheld=withheld)


def policy_steps(
    known: Knowledge, numbers: Iterable[int], sections_of: Callable[[int], Iterable[SectionInForce]]
) -> Iterator[Step]:
    """Yield what is in force for the rules of a route, those with the same together."""
    together: dict[SectionInForce, list[str]] = {}
    rules = tuple(dict.fromkeys(numbers))
    for number in rules:
        for section in sections_of(number):
            together.setdefault(section, []).append(str(number))
    for section, concerned in together.items():
        which = "" if len(concerned) == len(rules) else f" of rule {', '.join(concerned)}"
        yield policy_step(known, 3, f"policy{which}", section)


class UnknownKindError(Exception):
    """There is nothing to say about objects of this kind."""
