from typing import Any

from gatewayd.incremental.graph import Graph
from gatewayd.incremental.nodes import InputNode, Reader
from gatewayd.incremental.view import Member
from tests.unit.incremental.toy import NUMBERS, Label, Number, Place, engine, named, value

ONE, TWO = Member(Number, "one"), Member(Number, "two")
A, B = Place("n", "a"), Place("n", "b")


def groups(graph: Graph) -> dict[Any, tuple[Any, ...]]:
    return {key: node.ordered(None) for key, node in graph._groups.get(NUMBERS, {}).items()}


def test_a_node_is_made_once() -> None:
    graph = Graph()
    assert graph._input(Number, "one") is graph._input(Number, "one")
    assert graph._query(value, ONE) is graph._query(value, ONE)
    assert graph._bucket(NUMBERS, A) is graph._bucket(NUMBERS, A)
    assert graph._group(NUMBERS, "n") is graph._group(NUMBERS, "n")


def test_groups_are_kept_of_indexes_that_somebody_has_asked_for_one_of() -> None:
    graph = Graph()
    graph._place(NUMBERS, A, ONE, present=True)
    graph._place(NUMBERS, B, ONE, present=True)
    graph._place(NUMBERS, B, ONE, present=False)
    assert groups(graph) == {}
    assert graph._group(NUMBERS, "n").ordered(None) == (A,)
    graph._place(NUMBERS, B, TWO, present=True)
    assert groups(graph) == {"n": (A, B)}


def test_a_group_hears_of_the_first_and_the_last_member_of_a_bucket() -> None:
    graph, reader = Graph(), Reader()
    graph._group(NUMBERS, "n").join(reader)
    heard = []
    for member, present in ((ONE, True), (TWO, True), (ONE, False), (TWO, False)):
        reader.state = 0
        graph._place(NUMBERS, A, member, present=present)
        heard.append(reader.state != 0)
    assert heard == [True, False, False, True]


def test_groups_are_forgotten_and_made_again() -> None:
    graph = Graph()
    graph._group(NUMBERS, "n")
    graph._place(NUMBERS, A, ONE, present=True)
    graph._place(NUMBERS, A, ONE, present=False)
    graph._sweep()
    assert (graph._groups, graph._buckets) == ({}, {})
    graph._place(NUMBERS, B, ONE, present=True)
    assert graph._group(NUMBERS, "n").ordered(None) == (B,)


def test_what_nobody_reads_is_forgotten_with_what_only_it_has_read() -> None:
    graph = Graph()
    node, row = graph._query(value, ONE), graph._input(Number, "one")
    graph._rewire(node, (row, graph._bucket(NUMBERS, A)))
    reader = Reader()
    node.join(reader)
    graph._unused[node] = None
    graph._sweep()
    assert graph._nodes
    graph._unread(reader, node)
    graph._sweep()
    assert (graph._nodes, graph._inputs, graph._buckets) == ({}, {}, {})


def test_rows_and_filled_buckets_stay() -> None:
    graph = Graph()
    row: InputNode = graph._input(Number, "one")
    row.value = Number(1, ())
    graph._unused[row] = None
    graph._place(NUMBERS, A, ONE, present=True)
    graph._sweep()
    assert graph._input(Number, "one") is row
    assert list(graph._buckets[NUMBERS]) == [A]


def test_a_query_that_reads_other_nodes_lets_go_of_the_former() -> None:
    graph = Graph()
    node, first, second = graph._query(value, ONE), graph._input(Number, "one"), graph._input(Number, "two")
    graph._rewire(node, (first,))
    graph._rewire(node, (second,))
    assert (first.readers, second.readers, node.reads) == ((), (node,), (second,))
    graph._sweep()
    assert list(graph._inputs[Number]) == ["two"]


def test_what_is_read_from_now_on_is_depended_on() -> None:
    made = engine({}, {"a": Label("first", ""), "b": Label("second", "")})
    assert named(made, "a") == "first"
    made.put(Label, "a", Label("first", "b"))
    made.settle()
    assert named(made, "a") == "first=second"
    made.put(Label, "b", Label("changed", ""))
    made.settle()
    assert named(made, "a") == "first=changed"
