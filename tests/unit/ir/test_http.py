from dataclasses import replace

from gatewayd.ir.http import RouteTableKey, RuleRef


def test_a_rule_is_named_so_that_a_user_finds_it() -> None:
    ref = RuleRef(kind="HTTPRoute", namespace="shop", name="cart", rule=2, match=0)
    assert str(ref) == "httproute/shop/cart/rule/2/match/0"
    assert str(replace(ref, preflight=1)) == "httproute/shop/cart/rule/2/match/0/preflight/1"


def test_rules_are_sorted_by_object_then_place() -> None:
    def ref(name: str, rule: int, match: int) -> RuleRef:
        return RuleRef(kind="HTTPRoute", namespace="shop", name=name, rule=rule, match=match)

    ordered = [ref("a", 0, 0), ref("a", 0, 1), ref("a", 2, 0), ref("a", 10, 0), ref("b", 0, 0)]
    assert sorted(ordered, reverse=True) == ordered[::-1]


def test_tables_are_sorted_by_port() -> None:
    ordered = [RouteTableKey(port=80, listener=""), RouteTableKey(port=443, listener="a")]
    assert sorted(ordered, reverse=True) == ordered[::-1]


def test_a_table_is_named_by_its_port_and_what_it_is_of() -> None:
    assert str(RouteTableKey(port=443, listener="web")) == "443/web"
    assert str(RouteTableKey(port=15001, listener="", destination="10.96.0.1:80")) == "15001/10.96.0.1:80"
