"""How many streams a certificate may have."""

import pytest

from gatewayd.ads.stream_limits import Streams, most
from gatewayd.ir.limits import SPARE_STREAMS, UNCOUNTED_STREAMS


@pytest.mark.parametrize(("replicas", "allowed"), [(0, 20), (2, 28), (1_000, 4_020), (None, UNCOUNTED_STREAMS)])
def test_there_is_room_for_four_times_the_proxies(replicas: int | None, allowed: int) -> None:
    assert most(replicas) == allowed


def test_one_gateway_takes_no_room_of_another() -> None:
    streams = Streams({"a/full": 0, "a/other": 0}.get)
    assert [streams.enter("a/full") for _ in range(SPARE_STREAMS)] == ["a/full"] * SPARE_STREAMS
    assert "20 streams of this Gateway are open" in str(streams.enter("a/full"))
    assert streams.enter("a/other") == "a/other"


def test_who_leaves_makes_room_and_nothing_is_kept() -> None:
    streams = Streams({"a/full": 0}.get)
    for _ in range(SPARE_STREAMS + 5):
        streams.enter("a/full")
    streams.leave("a/full")
    assert streams.enter("a/full") == "a/full"
    for _ in range(SPARE_STREAMS):
        streams.leave("a/full")
    assert len(streams) == 0
