"""A request as Envoy's router sees it.

In: what a client would send. Out: `Request`, whose path is normalised as the connection manager does it before routes
are asked (see xds/hcm.py), or why the router never sees it.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_conn_man/header_sanitizing
https://www.rfc-editor.org/rfc/rfc3986#section-6
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import re2

from gatewayd.ir.filters import Header
from gatewayd.ir.http import GRPC_CONTENT_TYPE

_ESCAPED_SLASH: Final = re.compile(r"%2f", re.IGNORECASE)
_ESCAPED_BACKSLASH: Final = re.compile(r"%5c", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_ESCAPED_DOT: Final = re.compile("%2e", re.IGNORECASE)
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPED: Final = frozenset(' "<>`{}^|')
_DOTS: Final = frozenset({".", ".."})
_HOW: Final = "x-forwarded-proto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`host` without a port and in lower case, `authority` as sent; `path` without its `query`.

    `headers` has lower-case names, in order, without those that Envoy drops. Of those that it sets by itself only
    x-forwarded-proto is there: the values of x-request-id and x-forwarded-for are not known beforehand.
    """

    scheme: str
    method: str
    authority: str
    host: str
    path: str
    query: str | None
    headers: tuple[Header, ...]

    @property
    def target(self) -> str:
        """The path with its query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def is_grpc(self) -> bool:
        """Whether the content type is that of gRPC."""
        return re2.fullmatch(GRPC_CONTENT_TYPE, ",".join(self.header("content-type"))) is not None

    @property
    def is_preflight(self) -> bool:
        """Whether it asks about another request, as browsers do: https://fetch.spec.whatwg.org/#cors-preflight-request."""
        asked = ("origin", "access-control-request-method")
        return self.method == "OPTIONS" and all(any(self.header(name)) for name in asked)

    def header(self, name: str) -> tuple[str, ...]:
        """Return the values of a header, in order: one for each line of that name."""
        if name == "host":
            return (self.authority,)
        return tuple(each.value for each in self.headers if each.name == name)

    def parameters(self, name: str) -> tuple[str, ...]:
        """Return the values of a query parameter, in order, as they were written (escapes and all)."""
        pairs = (pair.partition("=") for pair in (self.query or "").split("&"))
        return tuple(value for key, _, value in pairs if key == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a client sends: `target` is the path with its query, `host` may have a port."""

    scheme: str
    method: str
    host: str
    target: str
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Envoy answers by itself, before any route is asked; `location` "" unless it redirects."""

    status: int
    location: str
    why: str


def received(sent: Sent) -> Request | Answered:
    """Return the request that the router sees."""
    problem = _refused(sent)
    if problem:
        return Answered(status=400, location="", why=problem)
    written, mark, query = sent.target.partition("?")
    unescaped = _ESCAPED_BACKSLASH.sub(r"\\", _ESCAPED_SLASH.sub("/", written))
    path = merged(canonical(unescaped))
    if unescaped != written:
        target = path + mark + query
        return Answered(
            status=307, location=target, why="the path has escaped slashes; clients are sent to it unescaped"
        )
    return Request(
        scheme=sent.scheme,
        method=sent.method,
        authority=sent.host,
        host=without_port(sent.host).lower(),
        path=path,
        query=query if mark else None,
        headers=tuple(_headers(sent)),
    )


def _headers(sent: Sent) -> Iterable[Header]:
    for each in sent.headers:
        name = each.name.lower()
        if not name.startswith("x-envoy-") and name != _HOW:
            yield Header(name=name, value=each.value.strip(" \t"))
    # Envoy says how the client came, whatever the client says.
    yield Header(name=_HOW, value=sent.scheme)


def _refused(sent: Sent) -> str:
    if not sent.target.startswith("/"):
        return "the path does not begin with a slash"
    if "#" in sent.target:
        return "the path has a fragment (#)"
    if re.search(r"[^\x21-\x7e]|%00", sent.target):
        return "the path has a space, a control character or a character that is not ASCII"
    underscored = [each.name for each in sent.headers if "_" in each.name]
    return f"header {underscored[0]} has an underscore in its name" if underscored else ""


def without_port(authority: str) -> str:
    """Return the host of "host", "host:port", "[::1]" or "[::1]:port"."""
    host, colon, after = authority.rpartition(":")
    return host if colon and "]" not in after else authority


def canonical(path: str) -> str:
    """Resolve "." and "..", turn backslashes round, and write each character the one way that URLs have for it.

    A dot segment may have parameters (`..;x`), which go with it, though not when its dots are escaped.
    """
    segments: list[str] = []
    parts = path.replace("\\", "/").split("/")[1:]
    for at, part in enumerate(parts):
        dots = part.partition(";")[0]
        if dots not in _DOTS:
            dots = _ESCAPED_DOT.sub(".", part)
        if dots not in _DOTS:
            segments.append(_encoded(part))
            continue
        if dots == ".." and segments:
            segments.pop()
        if at == len(parts) - 1:
            segments.append("")
    return "/" + "/".join(segments)


def merged(path: str) -> str:
    """Make one slash of several; a path of nothing but slashes keeps two, as Envoy has it."""
    if "//" not in path:
        return path
    end = "/" if path.endswith("/") else ""
    return "/" + "/".join(part for part in path.split("/") if part) + end


def _encoded(part: str) -> str:
    """Write the characters that need no escape plainly, and escape those that a URL may not hold."""
    plain = _ESCAPE.sub(_plain, part)
    return "".join(f"%{ord(char):02X}" if char in _ESCAPED else char for char in plain)


def _plain(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0]
