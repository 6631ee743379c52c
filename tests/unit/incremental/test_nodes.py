import sys
from collections.abc import Hashable

import pytest

from gatewayd.incremental.nodes import (
    CHECK,
    CLEAN,
    DIRTY,
    BucketNode,
    CollectionNode,
    InputNode,
    QueryFailure,
    QueryNode,
    Reader,
    SinkNode,
    drop,
    resize,
)
from gatewayd.incremental.small_set import FEW
from gatewayd.incremental.view import Member
from tests.unit.incremental.toy import NUMBERS, Number, total, value


def chain() -> tuple[InputNode, QueryNode, QueryNode]:
    """Return a row, a query that reads it, and a query that reads that one; all up to date."""
    row = InputNode(Number, "one", 1)
    near, far = QueryNode(value, "one"), QueryNode(total, "a")
    row.join(near)
    near.join(far)
    near.state = far.state = CLEAN
    return row, near, far


def test_a_change_makes_its_readers_dirty_and_theirs_to_be_checked() -> None:
    row, near, far = chain()
    row.changed()
    assert (near.state, far.state) == (DIRTY, CHECK)


def readers(count: int) -> list[Reader]:
    return [Reader() for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, FEW, FEW + 1, 3 * FEW])
def test_readers_stand_in_order_each_once_however_many_they_are(count: int) -> None:
    row, many = InputNode(Number, "one", 1), readers(count)
    for reader in (*many, *many):
        row.join(reader)
    assert row.readers == tuple(many)


@pytest.mark.parametrize("count", [1, 2, FEW, FEW + 1, 3 * FEW])
def test_readers_go_one_by_one_until_nobody_reads(count: int) -> None:
    row, many = InputNode(Number, "one", 1), readers(count)
    for reader in many:
        row.join(reader)
    for at, reader in enumerate(many):
        assert row.is_read
        row.part(reader)
        row.part(reader)
        assert row.readers == tuple(many[at + 1 :])
    assert not row.is_read


def test_a_node_with_one_reader_needs_nothing_beside_itself_to_know_it() -> None:
    row, [reader] = InputNode(Number, "one", 1), readers(1)
    row.join(reader)
    assert row._readers is reader


def test_a_node_that_is_not_clean_has_told_its_readers_already() -> None:
    row, _near, far = chain()
    row.changed()
    far.state = CLEAN
    row.changed()
    assert far.state == CLEAN


def test_to_be_checked_never_takes_dirty_back() -> None:
    reader = Reader()
    reader.invalidate(reader, DIRTY)
    reader.invalidate(reader, CHECK)
    assert reader.state == DIRTY


def test_a_bucket_sorts_when_it_is_asked() -> None:
    bucket = BucketNode(NUMBERS, "a")
    for member in ("b", "a", "c"):
        bucket.replace(member, present=True)
    assert bucket.ordered(None) == ("a", "b", "c")
    bucket.replace("b", present=False)
    assert bucket.ordered(None) == ("a", "c")
    assert repr(bucket) == "numbers_by_group[a]"


def test_a_bucket_holds_few_and_many() -> None:
    bucket, names = BucketNode(NUMBERS, "a"), [f"{number:03}" for number in range(3 * FEW)]
    for name in (*names, *names):
        bucket.replace(name, present=True)
    assert bucket.ordered(None) == tuple(names)
    for at, name in enumerate(names):
        bucket.replace(name, present=False)
        bucket.replace("nobody", present=False)
        assert bucket.ordered(None) == tuple(names[at + 1 :])
        assert sorted(bucket.members) == names[at + 1 :]
        assert bucket.is_empty is (at == len(names) - 1)
    assert bucket.members == ()


def test_a_lone_member_may_be_a_tuple() -> None:
    bucket = BucketNode(NUMBERS, "a")
    for member in ((), (1, 2)):
        bucket.replace(member, present=True)
        assert (bucket.ordered(None), tuple(bucket.members)) == ((member,), (member,))
        bucket.replace(member, present=False)
    assert bucket.is_empty


def collection(**values: object) -> CollectionNode:
    made = CollectionNode(total, BucketNode(NUMBERS, "a"))
    for key, each in values.items():
        made.nodes[key] = QueryNode(total, key)
        made.nodes[key].value = each
    made.add(set(values))
    return made


def test_a_collection_keeps_its_values_by_key() -> None:
    made = collection(b=2, a=1)
    assert tuple(made.rows.values()) == (1, 2)
    assert made.put("b", 3)
    assert not made.put("b", 3)
    made.drop("a")
    made.drop("nobody")
    assert tuple(made.rows.values()) == (3,)


def test_a_collection_takes_in_few_keys_one_by_one() -> None:
    made = collection(a=1, c=3, d=4)
    made.nodes["b"] = QueryNode(total, "b")
    made.nodes["b"].value = 2
    made.add({"b"})
    assert tuple(made.rows.values()) == (1, 2, 3, 4)


def test_a_collection_knows_which_members_failed() -> None:
    failure = QueryFailure(error=ValueError(), trace=None)
    made = collection(a=failure, b=1)
    assert list(made.failed) == ["a"]
    made.put("b", failure)
    made.put("a", 1)
    assert list(made.failed) == ["b"]
    made.drop("b")
    assert made.failed == {}


def test_a_collection_notes_which_member_it_was() -> None:
    made = collection(a=1)
    made.moved.clear()
    made.invalidate(made.nodes["a"], CHECK)
    assert list(made.pending) == [made.nodes["a"]]
    assert made.moved == set()
    made.group.join(made)
    made.state = CLEAN
    made.group.replace("b", present=True)
    assert made.moved == {"b"}
    assert made.state == DIRTY


def test_a_collection_reads_its_group_and_its_members() -> None:
    made = collection(a=1)
    assert made.reads == (made.group, made.nodes["a"])


def test_a_sink_notes_rows() -> None:
    sink, member = SinkNode({Number: value}), Member(Number, "one")
    sink.invalidate(QueryNode(value, member), DIRTY)
    sink.invalidate(QueryNode(value, "not a row"), DIRTY)
    assert list(sink.pending) == [member]


def test_nodes_can_be_read_in_messages() -> None:
    assert repr(QueryNode(value, "one")) == "value(one)"
    assert repr(collection()) == "collect total over numbers_by_group[a]"


def test_an_emptied_table_is_forgotten_with_its_last_node() -> None:
    row = InputNode(Number, "one", 1)
    kept: dict[type, dict[Hashable, InputNode]] = {Number: {"one": row}}
    drop(kept, Number, "nobody")
    assert kept == {Number: {"one": row}}
    drop(kept, Number, "one")
    drop(kept, Number, "one")
    assert kept == {}


def test_a_table_that_was_emptied_gets_small_and_stays_itself() -> None:
    table = {number: str(number) for number in range(1_000)}
    large = sys.getsizeof(table)
    for number in range(10, 1_000):
        del table[number]
    left = list(table.items())
    resize(table)
    assert list(table.items()) == left
    assert sys.getsizeof(table) < large / 10
