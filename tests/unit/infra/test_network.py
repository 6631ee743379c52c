from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from gatewayd.infra import layout
from gatewayd.infra.installation import SELECTOR
from gatewayd.infra.network import COUNTING_LABEL, METRICS_LABEL, control_plane_policy, proxy_policy
from gatewayd.infra.objects import labels, selector
from gatewayd.ir.infrastructure import GatewayServicePort
from tests.unit.infra.gateways import EDGE

PROXIES = proxy_policy(EDGE, selector(EDGE))
CONTROL_PLANE = control_plane_policy(SELECTOR, EDGE.manager)


def senders(policy: dict[str, Any], port: int, transport: str = "TCP") -> list[Any] | None:
    """Return who may connect to a port, [] for everybody, None for nobody."""
    rules = [rule for rule in policy["ingress"] if {"port": port, "protocol": transport} in rule["ports"]]
    assert len(rules) <= 1
    return rules[0].get("from", []) if rules else None


def may_go_to(address: str) -> bool:
    """Return whether a proxy may go to an address outside of the cluster."""
    for rule in PROXIES["egress"]:
        for block in (each["ipBlock"] for each in rule["to"] if "ipBlock" in each):
            found = ip_address(address)
            if found in ip_network(block["cidr"]) and not any(found in ip_network(each) for each in block["except"]):
                return True
    return False


def test_traffic_comes_from_everywhere_to_what_envoy_binds() -> None:
    moved = replace(EDGE, ports=(GatewayServicePort(name="tcp-80", port=80, target=10080, transport="TCP"),))
    assert senders(PROXIES, 80) == []
    assert senders(PROXIES, 53, "UDP") == []
    assert senders(PROXIES, 53) is None
    assert senders(proxy_policy(moved, {}), 10080) == []
    assert senders(proxy_policy(moved, {}), 80) is None


def test_metrics_are_for_namespaces_that_are_labelled_for_it() -> None:
    readers = [{"namespaceSelector": {"matchLabels": {METRICS_LABEL[0]: METRICS_LABEL[1]}}}]
    assert senders(PROXIES, layout.PROBES_PORT) == readers
    assert senders(CONTROL_PLANE, layout.METRICS_PORT) == readers


def test_only_proxies_reach_the_control_plane_and_from_every_namespace() -> None:
    (peer,) = senders(CONTROL_PLANE, layout.XDS_PORT) or ()
    assert peer["namespaceSelector"] == {}
    assert peer["podSelector"]["matchLabels"].items() <= labels(EDGE).items()
    assert senders(CONTROL_PLANE, layout.HEALTH_PORT) is None  # a pod's own node needs no rule


def test_only_pods_that_are_labelled_for_it_are_told_all_limits() -> None:
    (peer,) = senders(CONTROL_PLANE, layout.LIMITS_PORT) or ()
    assert peer["namespaceSelector"] == {}
    assert peer["podSelector"]["matchLabels"] == dict([COUNTING_LABEL])
    assert not dict([COUNTING_LABEL]).items() <= labels(EDGE).items()


def test_proxies_go_everywhere_but_to_what_gives_credentials() -> None:
    for address in ("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "fd00:ec2::254"):
        assert not may_go_to(address), address
    for address in ("10.0.0.1", "198.51.100.7", "169.254.20.10", "2001:db8::1", "fd00:ec3::254"):
        assert may_go_to(address), address
    assert {"namespaceSelector": {}} in PROXIES["egress"][0]["to"]
    assert set(PROXIES["policyTypes"]) == {"Ingress", "Egress"}


def test_the_control_plane_may_connect_to_an_api_server_wherever_it_is() -> None:
    assert CONTROL_PLANE["policyTypes"] == ["Ingress"]
