import pytest

from gatewayd.explain.request import Sent
from gatewayd.ir.filters import Header
from gatewayd.page.look import LONGEST, Look, look, question


def test_what_is_looked_at() -> None:
    assert look({}) == Look(words="", gateway="")
    assert look({"q": " Shop.Example ", "gateway": "a/b"}) == Look(words="shop.example", gateway="a/b")
    assert len(look({"q": "x" * 10_000}).words) == LONGEST


def test_the_form_is_a_request() -> None:
    asked = question({"url": "https://shop.example:8443/cart?x=1", "method": "post", "headers": "env: canary\n\nb:c"})
    assert asked.sent == Sent(
        scheme="https",
        method="POST",
        host="shop.example:8443",
        target="/cart?x=1",
        headers=(Header(name="env", value="canary"), Header(name="b", value="c")),
    )
    assert (asked.port, asked.fault) == (8443, "")


@pytest.mark.parametrize(
    ("url", "host", "target", "port"),
    [
        ("shop.example", "shop.example", "/", None),
        ("shop.example/cart", "shop.example", "/cart", None),
        ("http://[::1]/x", "[::1]", "/x", None),
        ("http://[::1]:80/x", "[::1]:80", "/x", 80),
    ],
)
def test_addresses_as_people_write_them(url: str, host: str, target: str, port: int | None) -> None:
    asked = question({"url": url})
    assert asked.sent is not None
    assert (asked.sent.host, asked.sent.target, asked.port) == (host, target, port)


def test_an_empty_form_asks_nothing() -> None:
    assert question({}).sent is None
    assert question({}).fault == ""


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"url": "ftp://x/"}, "address: ftp:// is no scheme of a Gateway; http:// and https:// are allowed"),
        ({"url": "http:///x"}, "address: there is no host; such as http://shop.example/cart is allowed"),
        ({"url": "http://x:99999/"}, "address: port '99999' is none; 1 to 65535 is allowed"),
        ({"url": "http://x:y/"}, "address: port 'y' is none; 1 to 65535 is allowed"),
        ({"url": "x", "headers": "none"}, "headers: 'none' has no colon; NAME: VALUE is allowed, one in each line"),
    ],
)
def test_what_cannot_be_read_is_said(query: dict[str, str], fault: str) -> None:
    asked = question(query)
    assert asked.sent is None
    assert asked.fault == fault
