from dataclasses import dataclass

import pytest

from gatewayd.incremental.chunks import Chunks
from gatewayd.xds.build.keyed_results import Keyed, Replaced


@dataclass(frozen=True)
class Value:
    key: str
    number: int


class Counted:
    """A memo that counts what it makes; a result is the value's number as text."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str | None]] = []
        self.memo: Keyed[Value, str] = Keyed(self._make, lambda value: value.key)

    def _make(self, value: Value, earlier: str | None) -> str:
        self.made.append((value.key, earlier))
        return earlier if earlier == str(value.number) else str(value.number)


A, B, C = Value("a", 1), Value("b", 2), Value("c", 3)


def test_only_what_is_new_is_made() -> None:
    counted = Counted()
    assert counted.memo.update((A, B)) == [Replaced(None, "1"), Replaced(None, "2")]
    other = Value("b", 20)
    assert counted.memo.update((A, other, C)) == [Replaced("2", "20"), Replaced(None, "3")]
    assert counted.made == [("a", None), ("b", None), ("b", "2"), ("c", None)]
    assert counted.memo.update((A, C)) == [Replaced("20", None)]
    assert counted.memo.results == {"a": "1", "c": "3"}


def test_a_result_that_stays_the_same_object_is_no_change() -> None:
    counted = Counted()
    counted.memo.update((A,))
    assert counted.memo.update((Value("a", 1),)) == []


def test_values_that_move_between_chunks_are_not_made_anew() -> None:
    counted = Counted()
    counted.memo.update(Chunks(((A, B), (C,)), 3))
    assert counted.memo.update(Chunks(((A,), (B, C)), 3)) == []
    assert len(counted.made) == 3


def test_two_values_of_one_key_are_an_error() -> None:
    counted = Counted()
    with pytest.raises(ValueError, match="share"):
        counted.memo.update((A, Value("a", 5)))
