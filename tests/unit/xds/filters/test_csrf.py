from gatewayd.ir.policy import SameOrigin
from gatewayd.xds.filters.csrf import CONFIG, per_route


def test_what_stands_in_the_chain_is_for_no_request() -> None:
    assert CONFIG.filter_enabled.default_value.numerator == 0
    assert not CONFIG.additional_origins


def test_a_route_turns_it_on_for_all() -> None:
    found = per_route(SameOrigin(hosts=("a.example", "*.b.example:81")))
    assert found.filter_enabled.default_value.numerator == 100
    assert [(each.exact, each.suffix) for each in found.additional_origins] == [
        ("a.example", ""),
        ("", ".b.example:81"),
    ]
