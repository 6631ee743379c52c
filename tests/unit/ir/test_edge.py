import ipaddress

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.edge import AUTHORITY, CLIENT_HEADERS, IGNORED_UPGRADES, UPGRADE, ClientHeader, is_hidden


@given(st.one_of(st.text(), st.text(alphabet="webSOCKET/13 ", max_size=11)))
def test_every_upgrade_but_one_is_ignored(token: str) -> None:
    ignored = re2.fullmatch(IGNORED_UPGRADES, token) is not None

    # RE2 folds the letters of Unicode that fold to "s" or "k", and the lower case of U+017F is itself.
    assert ignored is not (token.lower().replace("\u017f", "s") == UPGRADE)


def test_the_case_of_an_upgrade_does_not_matter() -> None:
    assert re2.fullmatch(IGNORED_UPGRADES, "WebSocket") is None


@pytest.mark.parametrize("row", CLIENT_HEADERS, ids=lambda row: row.name)
def test_what_a_client_may_not_write_is_hidden(row: ClientHeader) -> None:
    assert is_hidden(row.name.replace("*", "anything"))
    assert row.name == row.name.lower()


@pytest.mark.parametrize("name", ["x-forwarded", "forwarded-by", "x-envoy", "via", "x-real", "host", "traceparent"])
def test_other_headers_pass(name: str) -> None:
    assert not is_hidden(name)


def is_authority(text: str) -> bool:
    return re2.fullmatch(AUTHORITY, text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "a", "app.example", "APP.example", "app.example:80", "app.example:0", "app.example:080", "app.example:65535",
        "my_service", "xn--bcher-kva.example", "-", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:80", "[::]",
        "[2001:db8::1]", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]:443", "1", "localhost:1",
    ],
)  # fmt: skip
def test_a_host(text: str) -> None:
    assert is_authority(text)


@pytest.mark.parametrize(
    "text",
    [
        "", ":", ":80", "a:", "a:b", "a:80@evil.com", "u@a", "u:p@a", "u:p@a:80", "a:evil.com", "a:99999", "a:65536",
        "a:100000", "a:+80", "a:-1", "a:8 0", "a: 80", "a:80:80", "a:b:c", "a b", " a", "a ", "a,b", "a,a", ".", "..",
        ".a", "a.", "a..b", "*", "*.a", "a;b", "a/b", "a?b", "a#b", "a\\b", "a%41", "[", "[]", "]", "[::1", "::1]",
        "::1", "[::1]x", "[::1]:", "[::1]:x", "[::1]:99999", "x[::1]", "[::1%eth0]", "[v1.a]", "[1:2]",
        "[12345::]", "[::g]", "[::1.2.3]", "[1:2:3:4:5:6:7:8:9]",
        "[127.0.0.1]", "a\n", "\na", "a:80\n", "a\x00", "ä", "a:\uff18\uff10",
    ],
)  # fmt: skip
def test_what_is_no_host(text: str) -> None:
    assert not is_authority(text)


@given(st.ip_addresses(v=6), st.integers(min_value=0, max_value=65535))
def test_every_address_and_port(address: ipaddress.IPv6Address, port: int) -> None:
    for written in (str(address), address.exploded, str(address).upper()):
        assert is_authority(f"[{written}]")
        assert is_authority(f"[{written}]:{port}")


@given(st.text(alphabet="0123456789+-:@ x", max_size=7))
def test_only_numbers_of_ports_stand_behind_the_colon(text: str) -> None:
    assert is_authority(f"a:{text}") is (text.isdigit() and len(text) <= 5 and int(text) <= 65535)
