import json
import re

import pytest

from gatewayd.access_log.entry import (
    BadChoiceError,
    RuleName,
    by_gateway,
    by_namespace,
    by_route,
    by_status,
    read_entry,
    read_route,
)
from gatewayd.ir.http import RuleRef

CART = RuleName("httproute", "shop", "cart", 2)


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize("preflight", [0, 1])
def test_the_rule_is_read_from_what_envoy_calls_its_route(preflight: int) -> None:
    source = RuleRef(kind="HTTPRoute", namespace="shop", name="cart", rule=2, match=1, preflight=preflight)
    assert read_route(str(source)) == CART
    assert CART.object == "httproute/shop/cart"


def test_a_route_of_connections_has_no_rules() -> None:
    assert read_route("tcproute/shop/db") == RuleName("tcproute", "shop", "db", None)


@pytest.mark.parametrize("name", ["", "probes", "a/b", "httproute/shop/cart/rule/x/match/0", "a/b/c\n/rule/0/match/0"])
def test_other_names_are_no_routes(name: str) -> None:
    assert read_route(name) is None


def test_a_line() -> None:
    entry = read_entry(line(status=404, route="httproute/shop/cart/rule/2/match/0", flags="-"))
    assert entry is not None
    assert (entry.status, entry.route, entry.text("flags"), entry.text("status")) == (404, CART, "-", "404")
    assert entry.text("host") == ""
    without = read_entry(line(route=None, status=None))
    assert without is not None
    assert (without.route, without.status, without.text("route")) == (None, 0, "")


@pytest.mark.parametrize(
    "broken", [b"", b"{", b'{"status": 200', b"[1]", b"null", b"[" * 100_000, b'{"a": "\xff', b"\x00"]
)
def test_what_is_no_line_of_ours_is_passed_over(broken: bytes) -> None:
    assert read_entry(broken) is None


@pytest.mark.parametrize("status", ["200", True, None, 1.5, [], {}])
def test_nothing_in_a_line_is_believed(status: object) -> None:
    entry = read_entry(line(status=status, route=status))
    assert entry is not None
    assert entry.status == 0


@pytest.mark.parametrize(
    ("wanted", "statuses"),
    [("5xx", [500, 503]), ("404", [404]), ("404,5XX", [404, 500, 503]), ("1xx", [])],
)
def test_statuses_are_chosen(wanted: str, statuses: list[int]) -> None:
    choice = by_status(wanted)
    entries = [read_entry(line(status=each)) for each in (200, 404, 500, 503)]
    assert [entry.status for entry in entries if entry is not None and choice(entry)] == statuses


@pytest.mark.parametrize("text", ["", "x", "600", "50", "5x", "404,", "*", "5xx "])
def test_what_names_no_status(text: str) -> None:
    with pytest.raises(
        BadChoiceError, match=rf"^--status {re.escape(repr(text))} names no statuses; such as 404, 5xx "
    ):
        by_status(text)


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("httproute/shop/cart", True),
        ("HTTPRoute/shop/cart", True),
        ("httproute/cart", False),
        ("grpcroute/shop/cart", False),
    ],
)
def test_routes_are_chosen(wanted: str, *, taken: bool) -> None:
    entry, other = read_entry(line(route="httproute/shop/cart/rule/0/match/0")), read_entry(line(status=404))
    assert entry is not None
    assert other is not None
    assert by_route(wanted)(entry) is taken
    assert not by_route(wanted)(other)


@pytest.mark.parametrize("text", ["", "cart", "a/b/c/d", "a//c"])
def test_what_names_no_route(text: str) -> None:
    with pytest.raises(BadChoiceError, match=rf"^--route {re.escape(repr(text))} names no route; KIND/NAME or "):
        by_route(text)


def test_a_gateway_and_its_namespace() -> None:
    entry = read_entry(b'{"gateway": "infra/edge"}')
    assert entry is not None
    assert by_gateway("infra/edge")(entry)
    assert not by_gateway("infra/edge-2")(entry)
    assert by_namespace("infra")(entry)
    assert not by_namespace("inf")(entry)
    with pytest.raises(BadChoiceError, match=r"^--gateway 'edge' names no Gateway"):
        by_gateway("edge")
