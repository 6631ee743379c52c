from gatewayd.ir.client_settings import STANDARD_CLIENTS, STANDARD_SOCKET
from gatewayd.ir.limits import HEADERS


def test_without_a_policy_nobody_is_believed_and_requests_are_bounded() -> None:
    assert STANDARD_CLIENTS.trusted.hops == 0
    assert STANDARD_CLIENTS.trusted.ranges == ()
    assert STANDARD_CLIENTS.headers.count == HEADERS
    assert STANDARD_CLIENTS.headers.underscores == "Reject"
    assert STANDARD_CLIENTS.path.merges
    assert STANDARD_SOCKET.proxy_protocol == ""
