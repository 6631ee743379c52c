"""Whoever asks in a tight loop waits, and whoever asks as an Envoy does never."""

import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.protocol.session import Answer
from gatewayd.ads.request_pace import RequestPace, cost_of
from gatewayd.ir.limits import REQUEST_BURST, REQUEST_COST, REQUEST_NACK, REQUEST_NAMES, REQUESTS_A_SECOND

NAMES = tuple(map(str, range(10 * REQUEST_NAMES)))
ACK = discovery.DeltaDiscoveryRequest(response_nonce="1")


def run(cost: float, seconds: float) -> int:
    """Return how many requests are read of a client that always has one more, in so many seconds."""
    pace, now, count = RequestPace(0.0), 0.0, 0
    while now <= seconds:
        now += pace.charge(cost, now)
        count += 1
    return count


def test_a_client_that_starts_does_not_wait() -> None:
    pace = RequestPace(0.0)
    assert not any(pace.charge(1, 0.0) for _ in range(REQUEST_BURST))
    assert pace.charge(1, 0.0) == pytest.approx(1 / REQUESTS_A_SECOND)


@pytest.mark.parametrize("cost", [1, REQUEST_NACK, 100])
def test_a_tight_loop_is_read_at_its_rate(cost: float) -> None:
    assert run(cost, 100.0) == pytest.approx((REQUEST_BURST + 100 * REQUESTS_A_SECOND) / cost, abs=2)


def test_the_account_is_full_again_after_a_while_and_never_more_than_full() -> None:
    pace = RequestPace(0.0)
    pace.charge(REQUEST_BURST, 0.0)
    assert not any(pace.charge(1, 1_000.0) for _ in range(REQUEST_BURST))
    assert pace.charge(1, 1_000.0) > 0


@pytest.mark.parametrize(
    ("message", "answer", "cost"),
    [
        (ACK, Answer.ACK, 1),
        (ACK, Answer.IGNORED, 1),
        (ACK, Answer.NACK, REQUEST_NACK),
        (discovery.DeltaDiscoveryRequest(resource_names_subscribe=NAMES), Answer.SUBSCRIPTION, 11),
        (discovery.DeltaDiscoveryRequest(resource_names_unsubscribe=NAMES), Answer.SUBSCRIPTION, 11),
        (discovery.DeltaDiscoveryRequest(initial_resource_versions=dict.fromkeys(NAMES, "1")), Answer.SUBSCRIPTION, 11),
        (discovery.DiscoveryRequest(resource_names=NAMES), Answer.ACK, 11),
        (discovery.DiscoveryRequest(resource_names=NAMES * 100), Answer.ACK, REQUEST_COST),
    ],
)
def test_what_requests_cost(message: discovery.DiscoveryRequest, answer: Answer, cost: float) -> None:
    assert cost_of(message, answer) == cost
