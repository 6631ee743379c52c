"""The order of INDEXES: an index's queries may read earlier indexes only, or `settle` would miss a change."""

from collections.abc import Hashable

import pytest

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.nodes import BucketNode, CollectionNode, Node, QueryNode
from gatewayd.incremental.view import Index, RowSource
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from tests.unit.translator.backends.test_members import offer
from tests.unit.translator.manifests import GW, SHOP, deltas
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, route
from tests.unit.translator.test_refused_secrets import refused_by
from tests.unit.translator.worlds import EVERYTHING

OFFERED = offer("west", "10.4.0.1")
MESHED = (MESH, ECHO, CONSUMER, route("web"), route("calls", kind="GRPCRoute"))


def test_each_index_and_output_is_declared_once() -> None:
    assert len(set(INDEXES)) == len(INDEXES)
    assert len({each.name for each in (*INDEXES, *OUTPUTS)}) == len(INDEXES) + len(OUTPUTS)


def indexes_read(node: Node, seen: set[Node]) -> set[Index]:
    if node in seen:
        return set()
    seen.add(node)
    found = {node.index} if isinstance(node, BucketNode) else set()
    for read in node.reads if isinstance(node, QueryNode | CollectionNode) else ():
        found |= indexes_read(read, seen)
    return found


@pytest.mark.parametrize("at", range(len(INDEXES)), ids=[index.name for index in INDEXES])
def test_an_index_reads_earlier_indexes_only(at: int) -> None:
    engine = Engine(INDEXES, OUTPUTS)
    for each in (*deltas(SHOP, EVERYTHING, *MESHED), refused_by(GW), OFFERED):
        engine.put(each.kind, each.key, each.obj)
    for table in INDEXES[at].readers:
        engine._wake(table)
    engine.settle()
    read: set[Index] = set()
    queries = engine._sinks[INDEXES[at]].queries.values()
    nodes = [node for query in queries for node in engine._nodes.get(query, {}).values()]
    for node in nodes:
        read |= indexes_read(node, set())
    # What files rows by what they say themselves asks nothing.
    assert nodes or all(isinstance(source, RowSource) for source in INDEXES[at].sources)
    later: tuple[Hashable, ...] = INDEXES[at:]
    assert read.isdisjoint(later)
