from dataclasses import replace

from gatewayd.introspection.rows import Acked, Condition, ConditionMark, RouteRow

YES = Condition(mark=ConditionMark.TRUE, reason="Accepted")
ROUTE = RouteRow(
    kind="HTTPRoute",
    name="default/shop",
    hostnames=(),
    parents=(),
    accepted=YES,
    resolved_refs=Condition(mark=ConditionMark.FALSE, reason="BackendNotFound"),
    programmed=YES,
    acked=None,
)


def test_several_proxies() -> None:
    assert str(Acked(proxies=1, of=3, milliseconds=12.6)) == "ACKed by 1/3 proxies in 13 ms"


def test_a_route_is_well_when_all_its_conditions_are_true() -> None:
    assert not ROUTE.is_well
    assert replace(ROUTE, resolved_refs=YES).is_well


def test_a_reason_is_shown_unless_all_is_well() -> None:
    assert (str(ROUTE.accepted), str(ROUTE.resolved_refs)) == ("yes", "no: BackendNotFound")
