from dataclasses import replace

from gatewayd.ir.http import CANNOT, ExactPath, PrefixPath, RequestMatch, Route, RuleRef
from gatewayd.translator.proxies.precedence import Tie, precedence, reachable
from gatewayd.translator.rules.rule_set import Ranked

ANY = RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False)
SOURCE = RuleRef(kind="HTTPRoute", namespace="shop", name="r", rule=0, match=0)
ROUTE = Route(source=SOURCE, rule_name="", match=ANY, action=CANNOT, filters=())
TIE = Tie(is_ingress=False, created="2026", spelled="shop/r")


def test_nothing_is_reached_behind_what_takes_everything() -> None:
    exact = replace(ROUTE, match=replace(ANY, path=ExactPath(value="/a")))
    assert list(reachable([exact, ROUTE, exact])) == [exact, ROUTE]


def test_a_longer_match_then_an_older_route_then_a_smaller_name_then_ingresses_last() -> None:
    def key(rank: int = 1, tie: Tie = TIE) -> tuple[object, ...]:
        return precedence((0, 0), Ranked((rank,), ROUTE), tie)

    later, spelled = TIE._replace(created="2027"), TIE._replace(spelled="shop/s")
    assert key(2) < key() < key(tie=spelled) < key(tie=later) < key(tie=TIE._replace(is_ingress=True))
