"""The engine's whole contract: whatever happened before, it answers what a View without a memory answers."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member, Query
from tests.unit.incremental.toy import (
    INDEXES,
    INITIALS,
    MANY,
    NUMBERS,
    OUTPUTS,
    REPORTS,
    Bad,
    Label,
    Number,
    Place,
    careful,
    named,
    odd,
    report,
    summary,
    total,
)

NAMES = st.sampled_from(["m", "n", "o", "p"])
GROUPS = st.sampled_from(["a", "ab", "ac", "b"])
PLACES = tuple(Place(name[0], name) for name in ("a", "ab", "ac", "b"))
NUMBER = st.builds(
    Number, st.sampled_from([0, 1, 2, 3, 13]), st.frozensets(GROUPS).map(lambda many: tuple(sorted(many)))
)
LABEL = st.builds(Label, st.sampled_from(["x", "y"]), st.sampled_from(["", "a", "ab", "b"]))


def answer(query: Query[Any, Any], view: Any, key: Any) -> Any:
    try:
        return query(view, key)
    except Bad as error:
        return f"raises {error}"


def answers(view: Any) -> Mapping[str, Any]:
    """Return everything that can be asked of the toy."""
    single = {f"{each.name} {place}": answer(each, view, place) for each in (total, odd, summary) for place in PLACES}
    names = {f"named {place.group}": named(view, place.group) for place in PLACES}
    collected = {f"careful {district}": careful(view, district) for district in ("a", "b")}
    filed = {f"bucket {place}": view.bucket(NUMBERS, place) for place in PLACES}
    groups = {f"group {district}": view.group(NUMBERS, district) for district in ("a", "b")}
    many = {"many": view.group(MANY, None), "initials": view.group(INITIALS, None)}
    shared = {f"initial {each}": view.bucket(INITIALS, each) for each in many["initials"]}
    return {**single, **names, **collected, **filed, **groups, **many, **shared}


def kept(engine: Engine) -> int:
    kinds = (engine._inputs, engine._nodes, engine._buckets, engine._groups, engine._filed)
    return len(engine._collections) + sum(len(kept) for kind in kinds for kept in kind.values())


class Edits(RuleBasedStateMachine):
    """Puts and removes in any order; now and then the changes are settled, drained, and looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(INDEXES, OUTPUTS)
        self.tables: dict[type, dict[str, Any]] = {Number: {}, Label: {}}
        self.reports: dict[Member, Any] = {}

    def put(self, table: type, key: str, row: object | None) -> None:
        changed = self.engine.put(table, key, row)
        assert changed == (self.tables[table].get(key) != row)
        if row is None:
            self.tables[table].pop(key, None)
        else:
            self.tables[table][key] = row

    @rule(key=NAMES, row=st.none() | NUMBER)
    def number(self, key: str, row: Number | None) -> None:
        self.put(Number, key, row)

    @rule(key=GROUPS, row=st.none() | LABEL)
    def label(self, key: str, row: Label | None) -> None:
        self.put(Label, key, row)

    @rule()
    def drain(self) -> None:
        self.engine.settle()
        for change in self.engine.drain(REPORTS):
            if change.value is None:
                self.reports.pop(change.member, None)
            else:
                self.reports[change.member] = change.value
        view = Scratch(self.tables)
        expected = {Member(Label, key): report(view, Member(Label, key)) for key in self.tables[Label]}
        assert self.reports == expected

    @rule()
    def ask(self) -> None:
        self.engine.settle()
        assert answers(self.engine) == answers(Scratch(self.tables))

    @rule()
    def empty(self) -> None:
        for table, rows in self.tables.items():
            for key in tuple(rows):
                self.put(table, key, None)
        self.drain()
        assert kept(self.engine) == 0

    @invariant()
    def rows(self) -> None:
        for table, rows in self.tables.items():
            assert dict(self.engine.rows(table)) == rows


Edits.TestCase.settings = settings(max_examples=150, stateful_step_count=25)
TestEdits = Edits.TestCase


@settings(max_examples=100)
@given(numbers=st.dictionaries(NAMES, NUMBER), labels=st.dictionaries(GROUPS, LABEL), seed=st.randoms())
def test_the_order_of_arrival_does_not_matter(numbers: dict[str, Number], labels: dict[str, Label], seed: Any) -> None:
    arrivals: list[tuple[type, str, object]] = [
        *((Number, key, row) for key, row in numbers.items()),
        *((Label, key, row) for key, row in labels.items()),
    ]
    found = []
    for _ in range(2):
        seed.shuffle(arrivals)
        engine = Engine(INDEXES, OUTPUTS)
        for table, key, row in arrivals:
            engine.put(table, key, row)
            if seed.random() < 0.3:
                engine.settle()
        engine.settle()
        found.append(({change.member: change.value for change in engine.drain(REPORTS)}, answers(engine)))
    assert found[0] == found[1]
