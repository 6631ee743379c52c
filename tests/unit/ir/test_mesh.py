from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, PRODUCER_PORT


def test_no_two_views_share_a_port_and_no_pod_is_given_one_by_chance() -> None:
    ports = range(FIRST_CONSUMER_PORT, FIRST_CONSUMER_PORT + CONSUMER_PORTS)
    assert PRODUCER_PORT not in ports
    # Below the ports of NodePorts and those that the kernel gives to clients.
    assert ports[-1] < 30000
