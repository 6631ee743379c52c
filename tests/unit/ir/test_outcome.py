import pytest

from gatewayd.ir.outcome import NO_FLEET, FleetReport, Outcome, Verdict, Vouched
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


def test_a_word_covers_a_listener_of_a_generation_and_of_those_before() -> None:
    word = Vouched(listeners=frozenset({"tcp-80"}), generations={"gw": 3})
    assert word.covers("tcp-80", "gw", 3)
    assert word.covers("tcp-80", "gw", 2)
    assert not word.covers("tcp-80", "gw", 4)
    assert not word.covers("tcp-81", "gw", 3)
    assert not word.covers("tcp-80", "other", 0)


def test_what_proxies_hold_is_what_any_edition_knows_of() -> None:
    word = Vouched(listeners=frozenset({"tcp-80"}), generations={"gw": 3})
    report = FleetReport(connected=2, acked_listeners=frozenset({"tcp-81"}), rejections=(), vouched=(word,))
    assert report.held_listeners == {"tcp-80", "tcp-81"}
    assert NO_FLEET.held_listeners == frozenset()


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
