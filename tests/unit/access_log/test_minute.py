from gatewayd.access_log.entry import LogEntry, RuleName
from gatewayd.access_log.minute import NO_REQUESTS, WINDOW_SECONDS, Requests, RollingMinute, by_object, together

CART = RuleName("httproute", "shop", "cart", 0)
OLD = RuleName("httproute", "shop", "cart", 1)


def entry(status: int, rule: RuleName | None = CART) -> LogEntry:
    return LogEntry(fields={"status": status}, route=rule)


def test_requests_are_counted_by_rule_and_answer() -> None:
    minute = RollingMinute()
    for status in (200, 204, 302, 404, 503, 0):
        minute.note(entry(status), 10.5)
    minute.note(entry(200, OLD), 11.0)
    assert minute.counts(12.0) == {
        CART: Requests(good=2, other=2, client_errors=1, server_errors=1),
        OLD: Requests(good=1, other=0, client_errors=0, server_errors=0),
    }
    assert minute.counts(12.0)[CART].total == 6


def test_what_is_older_than_a_minute_goes() -> None:
    minute = RollingMinute()
    minute.note(entry(200), 10.0)
    minute.note(entry(500), 40.0)
    assert minute.counts(10.0 + WINDOW_SECONDS) == {CART: Requests(0, 0, 0, 1)}
    assert minute.counts(40.0 + WINDOW_SECONDS) == {}


def test_what_no_route_took_is_nowhere() -> None:
    minute = RollingMinute()
    minute.note(entry(404, None), 1.0)
    assert minute.counts(1.0) == {}
    assert NO_REQUESTS.total == 0


def test_what_a_route_has_is_what_its_rules_have_together() -> None:
    one, two, other = Requests(1, 2, 3, 4), Requests(10, 20, 30, 40), Requests(5, 0, 0, 0)
    counted = {CART: one, OLD: two, RuleName("grpcroute", "shop", "cart", 0): other}
    assert by_object(counted) == {"httproute/shop/cart": Requests(11, 22, 33, 44), "grpcroute/shop/cart": other}
    assert by_object({}) == {}
    assert together(()) == NO_REQUESTS
