import pytest

from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, NODE_PROBES_PORT, PRODUCER_PORT, NodeRedirect, redirect_to


def test_no_two_views_share_a_port_and_no_pod_is_given_one_by_chance() -> None:
    ports = range(FIRST_CONSUMER_PORT, FIRST_CONSUMER_PORT + CONSUMER_PORTS)
    assert PRODUCER_PORT not in ports
    assert NODE_PROBES_PORT not in (PRODUCER_PORT, *ports)
    # Below the ports of NodePorts and those that the kernel gives to clients.
    assert ports[-1] < 30000


@pytest.mark.parametrize(("callers", "address"), [("", "10.96.0.1"), ("blog", "10.96.0.1"), ("blog", "fd00::1")])
def test_the_name_of_a_table_says_what_is_led_to_it(callers: str, address: str) -> None:
    shown = f"[{address}]:80" if ":" in address else f"{address}:80"
    key = RouteTableKey(port=15100, listener="", destination=shown, callers=callers)
    redirect = NodeRedirect(proxy_port=15100, callers=callers, address=address, port=80)
    assert redirect_to(str(key)) == redirect


@pytest.mark.parametrize(
    "name", ["", "80", "80/shop/set/web", "80:#3", "15001/10.96.0.1", "15001/x:80", "a/10.0.0.1:80"]
)
def test_no_other_name_says_so(name: str) -> None:
    assert redirect_to(name) is None
