"""Every guarantee has its place, every row of the catalogues names what holds it, and the counts are right."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conformance.history.guarantees import guarantees
from conformance.scenarios.catalogue import SCENARIOS

DOCS = Path(__file__).parents[3] / "docs"
GUARANTEES = (DOCS / "guarantees.md").read_text(encoding="utf-8")
SECURITY = (DOCS / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([TS]-\d\d) \| ([^|]+) \| (held|partly|none) \| (held|partly|none) \| (.+) \|$", re.MULTILINE)
COUNT = re.compile(r"^\| ([TS]), (before|now) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::\w+)?`")
SCENARIO = re.compile(r"scenario `([\w-]+)`")
RULE = re.compile(r'contract "|`S` of ruff')
TABLE = guarantees({})


class Row(NamedTuple):
    """A row of a catalogue."""

    number: str
    case: str
    before: str
    now: str
    why: str


def rows() -> list[Row]:
    return [Row(*found) for found in ROW.findall(GUARANTEES + SECURITY)]


def sections() -> Iterator[tuple[str, str]]:
    """Yield the heading of each guarantee with what stands below it."""
    for part in re.split(r"^## ", GUARANTEES, flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        if re.match(r"G\d+ ", heading):
            yield heading, text


def test_every_guarantee_that_is_checked_has_its_heading_and_the_reverse() -> None:
    assert [heading for heading, _ in sections()] == [f"G{each.number} {each.name}" for each in TABLE]


@pytest.mark.parametrize(("heading", "text"), [*sections()])
def test_a_guarantee_says_what_checks_it_what_holds_it_and_where_it_ends(heading: str, text: str) -> None:
    guarantee = next(each for each in TABLE if heading.startswith(f"G{each.number} "))
    names = {f"{check.__module__.rpartition('.')[2]}.{check.__name__}" for check in guarantee.checks}
    # A check that is made of whose words they are has no name.
    assert {name for name in names if "<" not in name and f"`{name}`" not in text} == set()
    assert TEST.search(text)
    assert "Limit" in text


def test_the_catalogues_are_whole() -> None:
    numbers = [row.number for row in rows()]
    wanted = [f"T-{at:02}" for at in range(1, 41)]
    wanted += [f"S-{at:02}" for at in (*range(1, 8), *range(10, 18), *range(20, 36))]
    assert numbers == wanted
    assert len(numbers) == 71


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_what_is_held_names_a_test_and_what_is_not_says_what_is_missing(row: Row) -> None:
    named = [*TEST.findall(row.why), *SCENARIO.findall(row.why), *RULE.findall(row.why)]
    if row.now == "held":
        assert named
    else:
        assert re.sub(r"`[^`]*`", "", row.why).strip(" ,;")
    assert [name for name in TEST.findall(row.why) if not (DOCS.parent / name).is_file()] == []


def test_scenarios_that_are_named_exist() -> None:
    assert {name for name in SCENARIO.findall(GUARANTEES + SECURITY) if name not in SCENARIOS} == set()


def test_the_counts_are_those_of_the_rows() -> None:
    counts = {(kind, when): tuple(map(int, numbers)) for kind, when, *numbers in COUNT.findall(GUARANTEES)}
    for kind in "TS":
        for when in ("before", "now"):
            found = Counter(getattr(row, when) for row in rows() if row.number.startswith(kind))
            assert counts[kind, when] == (found["held"], found["partly"], found["none"]), (kind, when, found)
    assert sum(numbers[0] for (_, when), numbers in counts.items() if when == "before") == 22
