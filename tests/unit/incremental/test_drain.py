"""Outputs on demand, and outputs drained in slices."""

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member, Output, Source, View, query
from tests.unit.incremental.toy import NUMBERS, Number


@query
def shown(view: View, member: Member) -> int | None:
    row = view.get(Number, member.key)
    return None if row is None else row.value


VALUES = Output(name="values", sources=(Source(table=Number, query=shown),), on_demand=True)


def numbers() -> Engine:
    """Return five numbers, with an output of them that nobody has drained yet."""
    engine = Engine((NUMBERS,), (VALUES,))
    for at in range(5):
        put(engine, f"n{at}", Number(at, ("a",)))
    return engine


def put(engine: Engine, key: str, number: Number | None) -> None:
    engine.put(Number, key, number)
    engine.settle()


def drained(engine: Engine, most: int | None = None) -> dict[object, object]:
    return {change.member.key: change.value for change in engine.drain(VALUES, most)}


def test_an_output_on_demand_costs_nothing_until_it_is_drained() -> None:
    engine = numbers()
    assert (engine.undrained(VALUES), engine.runs["shown"]) == (0, 0)

    assert drained(engine) == {f"n{at}": at for at in range(5)}
    put(engine, "n3", Number(9, ("a",)))
    put(engine, "n1", None)
    assert drained(engine) == {"n3": 9, "n1": None}


def test_an_output_is_drained_in_slices() -> None:
    engine = numbers()
    assert (drained(engine, 2), engine.undrained(VALUES)) == ({"n0": 0, "n1": 1}, 3)

    put(engine, "n0", Number(7, ("a",)))
    assert drained(engine) == {"n0": 7, "n2": 2, "n3": 3, "n4": 4}
    assert drained(engine) == {}


def test_what_is_not_taken_of_a_drain_is_left_for_the_next() -> None:
    engine = numbers()
    next(engine.drain(VALUES))
    assert engine.undrained(VALUES) == 4
