from gatewayd.ir.environment import ANY_IPV4, ANY_IPV6
from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.proxy import DatagramListener, StreamListener, listener_name


def test_listeners_are_named_by_transport_and_port() -> None:
    stream = StreamListener(port=80, inspect_tls=False, chains=())
    datagram = DatagramListener(port=80, action=L4Refuse())
    assert (stream.name, datagram.name) == ("tcp-80", "udp-80")
    assert listener_name("tcp", 80) == stream.name


def test_a_port_may_have_a_listener_of_each_family() -> None:
    four, six = (StreamListener(port=80, inspect_tls=False, chains=(), bind=each) for each in (ANY_IPV4, ANY_IPV6))
    assert (four.name, six.name) == ("tcp-80", "tcp6-80")
