"""A schema to try the engine with: numbers, the sums of which are asked for by group, and labels that name groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Index, Member, Output, Source, View, query, rescued_query, rows, ungrouped


@dataclass(frozen=True)
class Number:
    """`value` 13 makes every query fail that looks at it."""

    value: int
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Label:
    """The name of a group, and another group that goes by the same name."""

    text: str
    like: str


class Bad(Exception):  # noqa: N818 - short for the tests
    """What the toy queries raise."""


class Place(NamedTuple):
    """Groups live in districts, which are named by their first letter."""

    district: str
    group: str


def _district(place: Place) -> str:
    return place.district


NUMBERS = Index(
    name="numbers_by_group",
    sources=(rows(Number, lambda row: [Place(name[0], name) for name in row.groups]),),
    group=_district,
)


@query
def value(view: View, key: str) -> int:
    row = view.get(Number, key)
    if row is not None and row.value == 13:
        raise Bad(key)
    return 0 if row is None else row.value


@query
def parity(view: View, key: str) -> int:
    return value(view, key) % 2


@query
def total(view: View, place: Place) -> int:
    return sum(value(view, str(member.key)) for member in view.bucket(NUMBERS, place))


@query
def odd(view: View, place: Place) -> bool:
    return any(parity(view, str(member.key)) for member in view.bucket(NUMBERS, place))


@query
def named(view: View, group: str) -> str:
    label = view.get(Label, group)
    if label is None:
        return group
    if label.like in (group, ""):
        return label.text
    other = view.get(Label, label.like)
    return label.text if other is None else f"{label.text}={other.text}"


@query
def many_of(view: View, member: Member) -> frozenset[str]:
    """Return the groups of more than one member that a number is in, by their names: read from the first index."""
    row = view.get(Number, member.key)
    groups = row.groups if row is not None else ()
    return frozenset(named(view, each) for each in groups if view.count(NUMBERS, Place(each[0], each)) > 1)


def initials(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name[:1] for name in names)


MANY = Index(name="numbers_by_name", sources=(Source(table=Number, query=many_of),), group=ungrouped)
# Of the same query, so that its value is there once and filed twice.
INITIALS = Index(
    name="numbers_by_initial", sources=(Source(table=Number, query=many_of, keys=initials),), group=ungrouped
)


@query
def summary(view: View, place: Place) -> tuple[str, int, bool]:
    return (named(view, place.group), total(view, place), odd(view, place))


def _failed(_view: View, _key: str, error: Exception, _before: tuple[object, ...] | None) -> tuple[object, ...]:
    return ("failed", str(error))


@rescued_query(_failed)
def careful(view: View, district: str) -> tuple[object, ...]:
    return view.collect(NUMBERS, district, summary)


@query
def report(view: View, member: Member) -> tuple[object, ...] | None:
    row = view.get(Label, member.key)
    if row is None:
        return None
    many = view.group(MANY, None)
    return (row.text, careful(view, str(member.key)[0]), many, view.count(MANY, many[0]) if many else 0)


REPORTS = Output(name="reports", sources=(Source(table=Label, query=report),))
INDEXES, OUTPUTS = (NUMBERS, MANY, INITIALS), (REPORTS,)


def engine(numbers: Mapping[str, Number], labels: Mapping[str, Label]) -> Engine:
    made = Engine(INDEXES, OUTPUTS)
    for name, number in numbers.items():
        made.put(Number, name, number)
    for name, label in labels.items():
        made.put(Label, name, label)
    made.settle()
    return made
