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

from gatewayd.ir.filters import Header

_ESCAPED_SLASH: Final = re.compile(r"%2f", re.IGNORECASE)
_ESCAPED_BACKSLASH: Final = re.compile(r"%5c", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~")
_PORT: Final = re.compile(r"^(.*?)(?::([0-9]*))?$")
_GRPC: Final = "application/grpc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`host` without a port and in lower case, `authority` as sent; `path` without its `query`.

    `headers` has lower-case names, in order; several of one name count as one, joined by commas.
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
        kind = self.header("content-type") or ""
        return kind == _GRPC or kind.startswith(f"{_GRPC}+")

    def header(self, name: str) -> str | None:
        """Return the value of a header, None when it is absent."""
        if name in ("host", ":authority"):
            return self.authority
        values = [each.value for each in self.headers if each.name == name]
        return ",".join(values) if values else None

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
        yield Header(name=each.name.lower(), value=each.value.strip(" \t"))
    # Envoy says how the client came, whatever the client says.
    yield Header(name="x-forwarded-proto", value=sent.scheme)


def _refused(sent: Sent) -> str:
    if not sent.target.startswith("/"):
        return "the path does not begin with a slash"
    if "#" in sent.target:
        return "the path has a fragment (#)"
    if re.search(r"[\x00-\x20\x7f]", sent.target):
        return "the path has a space or a control character"
    underscored = [each.name for each in sent.headers if "_" in each.name]
    return f"header {underscored[0]} has an underscore in its name" if underscored else ""


def without_port(authority: str) -> str:
    """Return the host of "host", "host:port", "[::1]" or "[::1]:port"."""
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    host, colon, port = authority.rpartition(":")
    return host if colon and port.isdigit() else authority


def canonical(path: str) -> str:
    """Resolve "." and "..", turn backslashes round, and write each character the one way that URLs have for it."""
    path = _ESCAPE.sub(_canonical_escape, path.replace("\\", "/"))
    segments: list[str] = []
    parts = path.split("/")[1:]
    for at, part in enumerate(parts):
        plain = re.sub("%2e", ".", part, flags=re.IGNORECASE)
        is_last = at == len(parts) - 1
        if plain == "..":
            if segments:
                segments.pop()
            if is_last:
                segments.append("")
        elif plain == ".":
            if is_last:
                segments.append("")
        else:
            segments.append(part)
    return "/" + "/".join(_encoded(part) for part in segments)


def merged(path: str) -> str:
    """Make one slash of several."""
    return re.sub("/{2,}", "/", path)


def _canonical_escape(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0]


def _encoded(part: str) -> str:
    """Escape what a URL may not hold as it is."""
    return "".join(f"%{ord(char):02X}" if char in ' "<>`{}^|' else char for char in part)
