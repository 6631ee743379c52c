"""What a mesh is measured with: each port has a route of its own, and an edit is of one."""

from bench.mesh_fanout import objects
from bench.mesh_objects import edited
from bench.peers.record import Change, played
from gatewayd.xds.resource import CLUSTER, ROUTE, SCOPED_ROUTE

PORTS, BACKENDS = 30, 20


def names(changes: tuple[Change, ...], type_url: str) -> list[str]:
    return [each.name for each in changes if each.type_url == type_url]


def test_each_port_has_a_table_and_an_edit_changes_one() -> None:
    first, *edits = played(objects(PORTS), (edited(step, PORTS, BACKENDS) for step in (1, 2))).steps
    assert len(names(first, ROUTE)) == len(names(first, SCOPED_ROUTE)) == PORTS
    assert 1 < len(names(first, CLUSTER)) <= BACKENDS
    assert [(len(edit), len(names(edit, ROUTE))) for edit in edits] == [(1, 1), (1, 1)]
