import pytest

from gatewayd.ir.outcome import NO_FLEET, Outcome, Verdict
from tests.unit.status.shorthand import (
    NO,
    RESOLVED,
    YES,
    gateway,
    gatewayclass,
    listener,
    listenerset,
    parent,
    policy,
    route,
)


def test_no_fleet_has_nothing() -> None:
    assert (NO_FLEET.connected, NO_FLEET.acked_listeners, NO_FLEET.rejections) == (0, frozenset(), ())


@pytest.mark.parametrize(
    ("outcome", "own"),
    [
        (gatewayclass(), (YES,)),
        (gateway(listener("a", NO), listener("b", RESOLVED), verdicts=(YES,)), (YES, NO, RESOLVED)),
        (listenerset(listener("a", YES, RESOLVED)), (NO, YES, RESOLVED)),
        (route(parent("a", YES, RESOLVED), parent("b", NO)), (YES, RESOLVED, NO)),
        (policy(parent("a", NO), parent("b", NO)), (NO, NO)),
    ],
)
def test_the_verdicts_of_an_object_and_of_its_parts_follow_each_other(
    outcome: Outcome, own: tuple[Verdict, ...]
) -> None:
    assert outcome.all_verdicts == own
