import pytest
from envoy.extensions.filters.http.bandwidth_limit.v3 import bandwidth_limit_pb2

from gatewayd.ir.policy import Bandwidth
from gatewayd.xds.filters.bandwidth import CONFIG, per_route

Limit = bandwidth_limit_pb2.BandwidthLimit


def test_what_stands_in_the_chain_holds_nothing_back() -> None:
    assert CONFIG.enable_mode == Limit.DISABLED
    assert not CONFIG.HasField("limit_kbps")


@pytest.mark.parametrize(
    ("of_requests", "of_responses", "mode"),
    [(True, False, Limit.REQUEST), (False, True, Limit.RESPONSE), (True, True, Limit.REQUEST_AND_RESPONSE)],
)
def test_a_route_has_its_limit(*, of_requests: bool, of_responses: bool, mode: int) -> None:
    made = per_route(Bandwidth(kib_per_s=100, of_requests=of_requests, of_responses=of_responses))
    assert (made.enable_mode, made.limit_kbps.value) == (mode, 100)
