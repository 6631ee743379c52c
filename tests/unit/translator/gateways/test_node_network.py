import pytest

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.infrastructure import Infrastructure, Keep, object_name
from gatewayd.ir.mesh import NODE_PROBES_PORT, PRODUCER_PORT
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.gateways.addresses import addresses
from gatewayd.translator.gateways.listener_conflicts import listeners
from gatewayd.translator.gateways.node_network import taken_nodes
from gatewayd.translator.infrastructure.gateway import infrastructure
from tests.unit.translator.manifests import CLASS, GW, scratch

OF_CLASS = CLASS.replace(
    "controller}", "controller, parametersRef: {group: '', kind: ConfigMap, name: own, namespace: gatewayd-system}}"
)


def parameters(selector: str = "{}", host_network: str = "true") -> str:
    data = f"{{hostNetwork: '{host_network}', nodeSelector: '{selector}', serviceType: ClusterIP}}"
    return f"kind: ConfigMap\nmetadata: {{name: own, namespace: gatewayd-system}}\ndata: {data}\n"


def gateway(name: str, created: int, selector: str = "", port: int = 8080) -> str:
    own = f"  infrastructure: {{parametersRef: {{group: '', kind: ConfigMap, name: {name}}}}}\n" if selector else ""
    chosen = (
        f"---\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{nodeSelector: '{selector}'}}\n"
        if selector
        else ""
    )
    return f"""
kind: Gateway
metadata: {{name: {name}, namespace: shop, creationTimestamp: "2026-01-0{created}T00:00:00Z"}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: http, port: {port}, protocol: HTTP}}]
{own}{chosen}"""


def taken(view: Scratch, name: str) -> str | None:
    return taken_nodes(view, ObjectKey("shop", name))


def provision(view: Scratch, name: str) -> object:
    return infrastructure(view, Member(Gateway, ObjectKey("shop", name)))


def test_of_two_gateways_the_older_one_has_the_nodes() -> None:
    view = scratch(OF_CLASS, parameters(), gateway("b", 1), gateway("a", 2))
    assert taken(view, "b") is None
    assert taken(view, "a") == (
        'spec.gatewayClassName: the class has hostNetwork, and the older Gateway "shop/b" has nodes that this one may'
        " want; a node has one such proxy: a nodeSelector with another value for a label that both have is allowed"
    )
    assert isinstance(provision(view, "b"), Infrastructure)
    kept = provision(view, "a")
    assert isinstance(kept, Keep)
    assert kept.reason == taken(view, "a")


def test_the_oldest_of_those_in_the_way_is_named_whatever_it_is_called() -> None:
    view = scratch(OF_CLASS, parameters(), gateway("b", 1, "{edge: a}"), gateway("a", 2, "{edge: b}"), gateway("c", 3))
    assert (taken(view, "b"), taken(view, "a")) == (None, None)
    assert 'the older Gateway "shop/b"' in (taken(view, "c") or "")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("{edge: a}", "{edge: b}", True),
        ("{edge: a}", "{edge: a}", False),
        ("{edge: a}", "{disk: fast}", False),
        ("{edge: a, disk: fast}", "{edge: a, disk: slow}", True),
        ("{edge: a}", "", False),
    ],
)
def test_nodes_are_told_apart_by_the_values_of_a_label(one: str, other: str, apart: bool) -> None:  # noqa: FBT001
    view = scratch(OF_CLASS, parameters(), gateway("a", 1, one), gateway("b", 2, other))
    assert (taken(view, "b") is None) is apart


def test_who_has_no_nodes_keeps_nobody_away() -> None:
    view = scratch(
        OF_CLASS,
        parameters(),
        gateway("a", 1, "{edge: a}"),
        gateway("b", 2, "{edge: a, disk: fast}"),
        gateway("c", 3, "{edge: c, disk: fast}"),
    )
    assert taken(view, "b") is not None
    assert taken(view, "c") is None


def test_in_the_network_of_pods_gateways_are_in_nobodys_way() -> None:
    view = scratch(OF_CLASS, parameters(host_network="false"), gateway("a", 1), gateway("b", 2))
    assert taken(view, "b") is None


def test_without_a_cluster_there_are_no_nodes() -> None:
    here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
    assert taken(scratch(OF_CLASS, parameters(), gateway("a", 1), gateway("b", 2), here), "b") is None


@pytest.mark.parametrize("port", [PRODUCER_PORT, NODE_PROBES_PORT, 15100, 15999])
def test_a_port_of_the_proxies_of_nodes_is_not_to_be_had_there(port: int) -> None:
    [listener] = listeners(scratch(OF_CLASS, parameters(), gateway("gw", 1, port=port)), GW)
    assert listener.accepted.reason == "PortUnavailable"
    assert listener.accepted.message == (
        f"spec.listeners[0].port: {port} is a port of proxies in the network of nodes; all but 19000, 19001, 15001,"
        " 15002 and 15100 to 15999 are allowed"
    )
    [elsewhere] = listeners(scratch(CLASS, gateway("gw", 1, port=port)), GW)
    assert elsewhere.valid


SERVICE = f"""
kind: Service
metadata: {{name: {object_name("shop", "gw")}, namespace: shop}}
spec: {{type: ClusterIP, clusterIP: 10.96.0.9, ports: [{{port: 80}}]}}
---
kind: EndpointSlice
metadata: {{name: e, namespace: shop, labels: {{kubernetes.io/service-name: {object_name("shop", "gw")}}}}}
addressType: IPv4
ports: [{{name: tcp-80, port: 80}}]
endpoints:
- {{addresses: [192.0.2.2]}}
- {{addresses: [192.0.2.1], conditions: {{ready: true}}}}
- {{addresses: [192.0.2.3], conditions: {{ready: false}}}}
"""


def test_its_addresses_are_those_of_the_nodes_where_a_proxy_is_ready() -> None:
    on_nodes = addresses(scratch(OF_CLASS, parameters(), gateway("gw", 1), SERVICE), GW)
    assert [each.value for each in on_nodes.assigned] == ["192.0.2.1", "192.0.2.2"]
    in_pods = addresses(scratch(OF_CLASS, parameters(host_network="false"), gateway("gw", 1), SERVICE), GW)
    assert [each.value for each in in_pods.assigned] == ["10.96.0.9"]


def test_a_load_balancer_in_front_of_nodes_has_the_address() -> None:
    balanced = SERVICE.replace("ClusterIP,", "LoadBalancer,", 1)
    found = addresses(scratch(OF_CLASS, parameters(), gateway("gw", 1), balanced), GW)
    assert (found.assigned, found.missing is None) == ((), False)
