from gatewayd.cli.entrances import entrances, leading_to
from gatewayd.introspection.rows import Condition, ConditionMark, GatewayRow, whole_board

YES = Condition(mark=ConditionMark.TRUE, reason="")


def row(name: str, *listeners: str, address: str = "10.0.0.1, 10.0.0.2") -> GatewayRow:
    return GatewayRow(name=name, listeners=listeners, address=address, accepted=YES, programmed=YES, acked_at="")


BOARD = whole_board(
    gateways=(
        row("shop/web", "http :80 (served on :10080)", "https :443"),
        row("pay/web", "http :80", address=""),
        row("pay/own", "http :8080 (routes per host)"),
    ),
    routes=(),
    problems=(),
    notices=(),
)


def test_listeners_by_gateway() -> None:
    assert [each[1:] for each in entrances(BOARD, "shop/web")] == [("10.0.0.1", 80, 10080), ("10.0.0.1", 443, 443)]
    assert [each.gateway for each in entrances(BOARD, "web")] == ["shop/web", "shop/web", "pay/web"]
    assert entrances(BOARD, "pay/web")[0].address == "127.0.0.1"
    assert entrances(BOARD, "pay/none") == []


def test_what_is_listened_on_comes_before_what_the_gateway_says() -> None:
    known = entrances(BOARD)
    assert [each.gateway for each in leading_to(80, known)] == ["pay/web", "shop/web"]
    assert [each.port for each in leading_to(10080, known)] == [80]
    assert [each.gateway for each in leading_to(8080, known)] == ["pay/own"]
    assert leading_to(81, known) == []
