"""What a pod is answered is judged by what could be right when it asked, or when it connected."""

import pytest

from conformance.scenarios.calls import CONNECTS_SECONDS, KEPT_SECONDS, NO_RULE, Called, Reply, Span, Verdict
from conformance.scenarios.traffic import Answer

OLD, NEW, PLAIN = Reply(200, "old", "one"), Reply(200, "new", "two"), Reply(200, "", "plain")


def answer(reply: Reply, began: float, *, connected: float | None = None) -> Answer:
    """Return an answer that took a tenth of a second, on a connection of its own if nothing else is said."""
    return Answer(
        connected=began if connected is None else connected,
        began=began,
        seconds=0.1,
        target=0,
        status=reply.status,
        route=reply.route,
        pod=f"{reply.backend}-5d4f-x2x" if reply.backend else "",
        serial="",
        tries=1,
        failure="",
    )


def called() -> Called:
    """Return what has a route from 10 on, and another one from 20 on, which has settled at 21."""
    made = Called(url="http://10.96.0.10/")
    made.is_of("plain", 0.0)
    made.has_no_route(0.0)
    made.has_rule(OLD, 10.0)
    made.settle(11.0)
    made.has_rule(NEW, 20.0)
    made.settle(21.0)
    return made


@pytest.mark.parametrize(
    ("reply", "began", "verdict"),
    [
        (PLAIN, 5.0, Verdict.RIGHT),
        (OLD, 5.0, Verdict.WRONG),
        (OLD, 9.95, Verdict.RIGHT),
        (PLAIN, 10.5, Verdict.RIGHT),
        (PLAIN, 11.1, Verdict.WRONG),
        (OLD, 20.5, Verdict.RIGHT),
        (NEW, 20.5, Verdict.RIGHT),
        (OLD, 21.1, Verdict.WRONG),
        (NEW, 19.0, Verdict.WRONG),
        (NO_RULE, 15.0, Verdict.WRONG),
        (Reply(503), 20.5, Verdict.WRONG),
        (Reply(0), 20.5, Verdict.LOST),
        (Reply(200, "old", "two"), 20.5, Verdict.WRONG),
    ],
)
def test_by_its_time(reply: Reply, began: float, verdict: Verdict) -> None:
    assert called().verdict(answer(reply, began), ()) is verdict


def test_a_connection_stays_where_it_began() -> None:
    assert called().verdict(answer(PLAIN, 30.0, connected=5.0), ()) is Verdict.RIGHT
    assert called().verdict(answer(PLAIN, 30.0, connected=15.0), ()) is Verdict.WRONG
    assert called().verdict(answer(OLD, 30.0, connected=15.0), ()) is Verdict.WRONG


def test_a_connection_stays_with_the_routes_of_the_namespace_that_it_was_led_to() -> None:
    own = Reply(200, "own", "three", "blog")
    made = called()
    made.has_rule(own, 30.0)
    made.settle(31.0)
    assert made.verdict(answer(NEW, 40.0, connected=25.0), ()) is Verdict.RIGHT
    assert made.verdict(answer(NEW, 40.0, connected=35.0), ()) is Verdict.WRONG
    assert made.verdict(answer(OLD, 40.0, connected=15.0), ()) is Verdict.WRONG
    assert made.verdict(answer(own, 40.0, connected=35.0), ()) is Verdict.RIGHT


def test_who_cannot_be_led_to_the_envoy_gets_by() -> None:
    away = (Span(30.0, 32.0),)
    assert called().verdict(answer(PLAIN, 31.0), away) is Verdict.PASSED
    assert called().verdict(answer(PLAIN, 40.0, connected=31.0), away) is Verdict.PASSED
    assert called().verdict(answer(PLAIN, 33.0), away) is Verdict.WRONG
    assert called().verdict(answer(PLAIN, 30.0 - CONNECTS_SECONDS / 2), away) is Verdict.PASSED
    assert called().verdict(answer(Reply(200, "", "other"), 31.0), away) is Verdict.WRONG


def test_past_the_last_route_a_connection_is_answered_for_a_moment() -> None:
    made = called()
    made.has_no_route(30.0)
    assert made.newest == PLAIN
    made.settle(31.0)
    assert made.verdict(answer(NEW, 31.0 + KEPT_SECONDS / 2, connected=25.0), ()) is Verdict.RIGHT
    assert made.verdict(answer(NEW, 31.1 + KEPT_SECONDS, connected=25.0), ()) is Verdict.WRONG


def test_another_service_of_the_same_address_has_other_pods() -> None:
    made = called()
    made.has_no_route(30.0)
    made.settle(31.0)
    made.is_of("other", 40.0)
    assert made.newest == Reply(200, "", "other")
    assert made.verdict(answer(PLAIN, 41.0), ()) is Verdict.WRONG
    assert made.verdict(answer(PLAIN, 41.0, connected=35.0), ()) is Verdict.RIGHT
