"""How many streams a certificate may have."""

import pytest

from gatewayd.ads.stream_limits import Streams, most
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import SPARE_STREAMS, UNCOUNTED_STREAMS

FULL, OTHER = GatewayFleet(namespace="a", name="full"), GatewayFleet(namespace="a", name="other")


@pytest.mark.parametrize(("replicas", "allowed"), [(0, 20), (2, 28), (1_000, 4_020), (None, UNCOUNTED_STREAMS)])
def test_there_is_room_for_four_times_the_proxies(replicas: int | None, allowed: int) -> None:
    assert most(replicas) == allowed


def test_one_gateway_takes_no_room_of_another() -> None:
    streams = Streams({FULL: 0, OTHER: 0}.get)
    assert [streams.enter(FULL) for _ in range(SPARE_STREAMS)] == [FULL] * SPARE_STREAMS
    assert "20 streams of this Gateway are open" in str(streams.enter(FULL))
    assert streams.enter(OTHER) == OTHER


def test_who_leaves_makes_room_and_nothing_is_kept() -> None:
    streams = Streams({FULL: 0}.get)
    for _ in range(SPARE_STREAMS + 5):
        streams.enter(FULL)
    streams.leave(FULL)
    assert streams.enter(FULL) == FULL
    for _ in range(SPARE_STREAMS):
        streams.leave(FULL)
    assert len(streams) == 0
