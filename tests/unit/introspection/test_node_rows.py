from gatewayd.introspection.node_rows import AwayNode, ConnectedNode, is_of_mesh, node_rows
from gatewayd.ir.envoy_releases import ENVOY
from tests.unit.introspection.statuses import BEHIND, LISTENERS, STATUS, node_proxy


def test_a_node_is_behind_with_what_its_proxy_has_not_acked() -> None:
    [row] = node_rows((node_proxy("node-a", LISTENERS, BEHIND),), {"node-a": "worker-1"})
    assert row == ConnectedNode(node="worker-1", proxy="node-a", envoy_version=ENVOY, behind=(BEHIND,))
    assert not row.is_well


def test_a_pod_without_a_connection_is_a_node_that_is_away() -> None:
    assert node_rows((), {"node-b": "worker-2"}) == (AwayNode(node="worker-2", proxy="node-b"),)


def test_a_proxy_stands_there_whose_node_nobody_knows() -> None:
    [row] = node_rows((node_proxy("node-a", LISTENERS),), {})
    assert (row.node, row.proxy, row.is_well) == ("", "node-a", True)


def test_what_is_wrong_comes_first() -> None:
    proxies = (node_proxy("node-a", LISTENERS), node_proxy("node-c", BEHIND))
    rows = node_rows(proxies, {"node-a": "worker-1", "node-b": "worker-2", "node-c": "worker-3"})
    assert [row.node for row in rows] == ["worker-2", "worker-3", "worker-1"]


def test_proxies_of_gateways_are_none_of_them() -> None:
    assert not any(map(is_of_mesh, STATUS.proxies))
    assert node_rows(STATUS.proxies, {}) == ()
