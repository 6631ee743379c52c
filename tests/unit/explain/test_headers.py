import pytest

from gatewayd.explain.headers import becomes_websocket, ignored_upgrades, routed_headers
from gatewayd.ir.filters import Header


def headers(*pairs: tuple[str, str]) -> tuple[Header, ...]:
    return tuple(Header(name=name, value=value) for name, value in pairs)


def names(*pairs: tuple[str, str]) -> list[str]:
    return [each.name for each in routed_headers(headers(*pairs), "http")]


def test_how_the_client_came_is_known_better() -> None:
    found = routed_headers(headers(("X-Forwarded-Proto", "https"), ("x-envoy-a", "1"), ("A", " b ")), "http")

    assert list(found) == list(headers(("a", "b"), ("x-forwarded-proto", "http")))


def test_what_belongs_to_the_connection_ends_with_it() -> None:
    assert names(("Connection", "close, X-Mine"), ("Keep-Alive", "5"), ("x-mine", "1"), ("x-other", "2")) == [
        "x-other", "x-forwarded-proto",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("connection", "upgrade", "ignored"),
    [
        ("Upgrade", "TLS/1.2", ("TLS/1.2",)),
        ("keep-alive, upgrade", "h2c", ("h2c",)),
        ("upgrade", "foo, bar/1", ("foo", "bar/1")),
        ("upgrade", "websocket/13", ("websocket/13",)),
        ("upgrade", "", ("",)),
        ("close", "foo", ()),
    ],
)
def test_an_upgrade_that_is_not_known(connection: str, upgrade: str, ignored: tuple[str, ...]) -> None:
    sent = (("connection", connection), ("upgrade", upgrade))

    assert ignored_upgrades(headers(*sent)) == ignored
    assert not becomes_websocket(headers(*sent))
    assert names(*sent) == ["x-forwarded-proto"]


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "foo, websocket"])
def test_a_websocket(upgrade: str) -> None:
    sent = (("connection", "keep-alive, Upgrade"), ("upgrade", upgrade))

    assert becomes_websocket(headers(*sent))
    assert names(*sent) == ["connection", "upgrade", "x-forwarded-proto"]
