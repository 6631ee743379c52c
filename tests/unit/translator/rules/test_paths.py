import pytest

from gatewayd.api.httproute import HTTPPathModifier
from gatewayd.ir.http import FullPath, PrefixReplacement
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.rules.paths import new_path


def full(text: str) -> HTTPPathModifier:
    return HTTPPathModifier(type="ReplaceFullPath", replace_full_path=text)


def prefix(text: str) -> HTTPPathModifier:
    return HTTPPathModifier(type="ReplacePrefixMatch", replace_prefix_match=text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("/", "/"),
        ("/a/b.c-d_e~f", "/a/b.c-d_e~f"),
        ("/!$&'()*+,;=:@", "/!$&'()*+,;=:@"),
        ("/a/", "/a/"),
        ("/my file", "/my%20file"),
        ('/a"b<c>d', "/a%22b%3Cc%3Ed"),
        ("/a|b^c`d{e}[f]", "/a%7Cb%5Ec%60d%7Be%7D%5Bf%5D"),
        ("/a\\b", "/a%5Cb"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("/$1\\1", "/$1%5C1"),
        ("/caf\u00e9", "/caf%C3%A9"),
        ("/\u4e2d\U0001f600", "/%E4%B8%AD%F0%9F%98%80"),
        ("/a%20b%2Fc%c3%A9", "/a%20b%2Fc%c3%A9"),
        ("/...", "/..."),
        ("/.well-known/a", "/.well-known/a"),
        ("/a%25REQ(:path)%25", "/a%25REQ(:path)%25"),
    ],
)
def test_what_a_url_has_one_way_to_write_is_written_in_that_way(text: str, written: str) -> None:
    assert new_path("here", full(text)) == FullPath(value=written)
    assert new_path("here", prefix(text)) == PrefixReplacement(value=written)


def test_nothing() -> None:
    assert new_path("here", full("")) == FullPath(value="/")
    assert new_path("here", prefix("")) == PrefixReplacement(value="")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a", "is no path"),
        ("http://evil.example/", "is no path"),
        (" /a", "is no path"),
        ("/a\nb", "has control characters"),
        ("/a\r\nx: 1", "has control characters"),
        ("/a\x7f", "has control characters"),
        ("/a\u202eb", "has control characters"),
        ("/a\u00a0b", "has control characters"),
        ("/a\ud800", "has control characters"),
        ("/a?b=c", "has a query"),
        ("/?", "has a query"),
        ("/a#b", "has a fragment"),
        ("/a%zz", "has a '%' that begins no escape"),
        ("/100%", "has a '%' that begins no escape"),
        ("/%2", "has a '%' that begins no escape"),
        ("/%REQ(:path)%", "has a '%' that begins no escape"),
        ("/%DEFAULT%", "has a '%' that begins no escape"),
        ("/a%00", "has an escaped control character"),
        ("/a%0d%0Ax", "has an escaped control character"),
        ("/a%7F", "has an escaped control character"),
        ("//evil.example", "has an empty segment"),
        ("/a//b", "has an empty segment"),
        ("/a//", "has an empty segment"),
        ("/..", "has a segment '.' or '..'"),
        ("/a/../b", "has a segment '.' or '..'"),
        ("/a/./b", "has a segment '.' or '..'"),
        ("/a/%2e%2E/b", "has a segment '.' or '..'"),
        ("/a/..;x/b", "has a segment '.' or '..'"),
        ("/a\\..\\b", "has a segment '.' or '..'"),
    ],
)
def test_what_is_no_path_is_refused_by_its_field(text: str, why: str) -> None:
    for field, modifier in (("replaceFullPath", full(text)), ("replacePrefixMatch", prefix(text))):
        found = new_path("here", modifier)
        assert isinstance(found, Unsupported)
        assert found.message.startswith(f"here.{field}: ")
        assert why in found.message
        assert found.message.isprintable()
