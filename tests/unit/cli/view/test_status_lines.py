from dataclasses import replace

from gatewayd.cli.view.status_lines import RowSelection, release, selected, status_lines
from gatewayd.ir.envoy_releases import ENVOY, SUPPORTED
from tests.unit.introspection.statuses import BEHIND, NODES, STATUS, node_proxy


def test_each_type_of_each_proxy_has_a_line() -> None:
    lines = [" ".join(line.split()) for line in status_lines(STATUS, (), wide=False)]

    at = lines.index("PROXY GATEWAY ENVOY TYPE RESOURCES STATE")
    assert lines[at + 1 :] == [
        f"standalone-1 default/web {ENVOY} CDS 2 refused: b: [red]no",
        f"standalone-1 default/web {ENVOY} EDS 1 1 not ACKed yet: a",
        f"standalone-1 default/web {ENVOY} LDS 1 ACKed",
    ]


def test_nodes_of_a_mesh_have_a_line_each() -> None:
    status = replace(STATUS, proxies=(*STATUS.proxies, node_proxy("node-a", BEHIND)))
    lines = [" ".join(line.split()) for line in status_lines(status, NODES, wide=False)]

    at = lines.index("NODE PROXY ENVOY STATE")
    assert lines[at + 1 : at + 3] == [
        f"worker-1 node-a {ENVOY} RDS 1 not ACKed yet: 15001/10.96.0.10:80",
        "worker-2 node-b - not connected",
    ]
    assert not any("node:mesh" in line for line in lines)
    assert any("node:mesh" in line for line in status_lines(status, NODES, wide=True))


def test_an_envoy_of_another_release_is_marked() -> None:
    assert release("1.20.3") == f"1.20.3, outside of {SUPPORTED}"
    assert (release(ENVOY), release("")) == (ENVOY, "")


def test_problems_come_before_tables() -> None:
    lines = list(status_lines(STATUS, (), wide=False))
    assert lines[0] == "gatewayd 0.1.0 serves ./gateway"
    assert lines[2] == "a.yaml:3: bad"


def test_a_selection_keeps_what_is_named() -> None:
    route = STATUS.board.routes[0]
    assert selected(STATUS, RowSelection()).board == STATUS.board
    assert selected(STATUS, RowSelection(names=(f"{route.kind}/{route.name}".upper(),))).board.routes == (route,)
    assert selected(STATUS, RowSelection(namespace="elsewhere")).board.gateways == ()
    troubled = selected(STATUS, RowSelection(only_problems=True)).board.routes
    assert troubled == tuple(STATUS.board.troubled)
