from gatewayd.convert.draft import HTTPS, Draft, DraftRule, PlainHTTP


def test_listeners_are_told_apart_by_namespace_and_hostname() -> None:
    assert HTTPS("a", "shop.example") != HTTPS("b", "shop.example")
    assert len({PlainHTTP(), PlainHTTP(), HTTPS("a", "")}) == 2


def test_a_rule_has_no_more_than_it_was_given() -> None:
    rule = DraftRule(title="a", matches=({},))
    assert not any((rule.filters, rule.backends, rule.more, rule.access, rule.passage, rule.own_filter))
    assert Draft() == Draft(routes=(), listeners=(), objects=())
