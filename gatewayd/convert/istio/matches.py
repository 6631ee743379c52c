"""HTTPMatchRequest: which requests a rule of a VirtualService is for.

A condition that cannot be had is lost and protects: without it the rule would be for more requests than before.
https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest
"""

import re
from dataclasses import dataclass
from typing import Final

from gatewayd.convert.conditions import PrefixForm, check_expression, prefix_path
from gatewayd.convert.fields import Fields
from gatewayd.convert.matching import PRESENT, beginning, escaped
from gatewayd.ir.http import (
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
    ValueMatch,
)

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_KINDS: Final = ("exact", "prefix", "regex")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADERS_OF_HTTP2: Final = {":authority": "host"}
_UNHAD: Final = {
    "scheme": "a rule cannot be for one scheme; who is sent to HTTPS is said by listeners",
    "sourceLabels": "who calls is known in a mesh alone",
    "sourceNamespace": "who calls is known in a mesh alone",
    "withoutHeaders": "a rule cannot be for requests without a header",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IstioMatch:
    """What requests a rule is for; `prefix` is what its paths begin with, "" where they are told otherwise.

    It holds at the `gateways` alone, at all of the VirtualService's where none is named, and at the `port`, 0 for all.
    """

    match: RequestMatch
    prefix: str = ""
    ignores_case: bool = False
    gateways: tuple[str, ...] = ()
    port: int = 0


ALL: Final = IstioMatch(
    match=RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False), prefix="/"
)


def istio_match(written: Fields, *, by_letters: bool) -> IstioMatch:
    """Return a match; `by_letters`: prefixes are of letters, as Istio's are, and not of whole segments."""
    written.ignore("name", "statPrefix")
    written.lost_if_written(_UNHAD, protects=True)
    uri, insensitive = written.one("uri"), written.boolean("ignoreUriCase")
    path = _path(uri, insensitive=insensitive, by_letters=by_letters)
    headers = [*_named(written, "headers"), *_authority(written)]
    return IstioMatch(
        match=RequestMatch(
            path=path,
            methods=_methods(written),
            headers=tuple(headers),
            queries=tuple(_named(written, "queryParams")),
            grpc=False,
        ),
        prefix=uri.text("prefix") if "prefix" in uri else "" if uri else "/",
        ignores_case=insensitive,
        gateways=written.texts("gateways"),
        port=written.number("port"),
    )


def _path(uri: Fields, *, insensitive: bool, by_letters: bool) -> PathMatch:
    if not uri:
        return PrefixPath(value="/")
    text = next((uri.text(kind) for kind in _KINDS if kind in uri), "")
    if "regex" in uri:
        # Expressions keep their own regard to case.
        return _expression(uri, text)
    if insensitive:
        uri.approximate("prefix" if "prefix" in uri else "exact", "an expression without regard to case")
        return RegexPath(pattern=f"(?i){escaped(text)}{'.*' if 'prefix' in uri else ''}")
    if "exact" in uri:
        return ExactPath(value=text)
    return prefix_path(uri, text, PrefixForm.LETTERS if by_letters else PrefixForm.PATH_PREFIX)


def _expression(uri: Fields, pattern: str) -> PathMatch:
    start = beginning(pattern)
    if start in ("", "/") and pattern in (".*", "/.*"):
        return PrefixPath(value="/")
    check_expression(uri, "regex", pattern)
    return RegexPath(pattern=pattern)


def _named(written: Fields, name: str) -> tuple[NamedMatch, ...]:
    """Return matches of headers or query parameters; what has no value at all has to be there."""
    by_name: dict[str, ValueMatch] = {}
    for key, value in written.named(name).items():
        own = key.lower() if name == "headers" else key
        own = _HEADERS_OF_HTTP2.get(own, own)
        if name == "headers" and _HEADER.fullmatch(own) is None:
            value.lost("", "a rule cannot be for a header of this name", protects=True)
        by_name[own] = _value(value)
    return tuple(NamedMatch(name=key, value=value) for key, value in by_name.items())


def _authority(written: Fields) -> tuple[NamedMatch, ...]:
    authority = written.one("authority")
    if not authority:
        return ()
    return (NamedMatch(name="host", value=_value(authority)),)


def _value(written: Fields) -> ValueMatch:
    if "exact" in written:
        text = written.text("exact")
        return ExactValue(value=text) if text else RegexValue(pattern="^$")
    if "prefix" in written:
        return RegexValue(pattern=f"{escaped(written.text('prefix'))}.*")
    if "regex" in written:
        pattern = written.text("regex")
        check_expression(written, "regex", pattern)
        return RegexValue(pattern=pattern) if pattern != ".*" else PRESENT
    return PRESENT


def _methods(written: Fields) -> tuple[str, ...]:
    method = written.one("method")
    if not method:
        return ()
    words = tuple(method.text("regex").split("|")) if "regex" in method else (method.text("exact"),)
    if all(word in METHODS for word in words):
        return words
    method.lost("", f"a rule can be for {', '.join(METHODS)}", protects=True)
    return ()
