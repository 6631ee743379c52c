import json

from gatewayd.access_log.entry import LogEntry, read_entry
from gatewayd.cli.view.log_lines import entry_json, entry_line, heading
from gatewayd.introspection.places import NOWHERE, RulePlace

PLACE = RulePlace("shop.yaml", 12)


def entry(**fields: object) -> LogEntry:
    usual = {
        "time": "2026-11-29T20:57:35.814Z",
        "method": "GET",
        "host": "shop.example",
        "path": "/cart",
        "status": 200,
        "flags": "-",
        "details": "via_upstream",
        "duration_ms": 7,
        "route": "httproute/shop/cart/rule/1/match/0",
    }
    found = read_entry(json.dumps(usual | fields).encode())
    assert found is not None
    return found


def words(of: LogEntry, place: RulePlace = PLACE) -> str:
    return " ".join(entry_line(of, place).plain.split())


def test_a_request_with_its_rule_and_place() -> None:
    assert words(entry()) == "20:57:35.814 200 7 GET httproute/shop/cart rules[1] shop.yaml:12 shop.example/cart"


def test_columns_stand_below_their_names() -> None:
    line, names = entry_line(entry(), PLACE).plain, heading().plain
    for name, cell in (("STATUS", "200"), ("PLACE", "shop.yaml"), ("REQUEST", "shop.example")):
        assert line.index(cell) == names.index(name)


def test_what_no_backend_answered_says_why() -> None:
    found = entry(status=404, flags="NR", details="route_not_found", route="")
    assert words(found, NOWHERE) == "20:57:35.814 404 7 GET - - shop.example/cart NR route_not_found"
    assert "UF connection refused" in words(entry(status=503, flags="UF", failure="connection refused"))


def test_a_connection() -> None:
    found = LogEntry(
        fields={"protocol": "TCP", "listener": "tls", "server_name": "db.example", "flags": "-"}, route=None
    )
    assert words(found, NOWHERE) == "- TCP - - tls db.example"


def test_no_text_of_clients_moves_a_cursor() -> None:
    shown = entry_line(entry(path="/\x1b[2J\n\u202e", host="[red]a"), PLACE).plain
    assert shown.isprintable()
    assert "[red]a" in shown


def test_the_same_as_json() -> None:
    assert entry_json(entry(), PLACE) == {**entry().fields, "rule": 1, "file": "shop.yaml", "line": 12}
    found = entry_json(entry(route=""), NOWHERE)
    assert (found["rule"], found["file"], found["line"]) == (None, None, None)
