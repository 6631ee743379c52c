"""A request as Envoy's router sees it.

In: what a client would send. Out: `Request`, whose path is normalised as the connection manager does it before routes
are asked (see xds/hcm.py), or why the router never sees it.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_conn_man/header_sanitizing
https://www.rfc-editor.org/rfc/rfc3986#section-6
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

import re2

from gatewayd.explain.headers import becomes_websocket, ignored_upgrades, routed_headers
from gatewayd.explain.refusals import FIRST, LAST, refusal, taken_apart
from gatewayd.ir.client_settings import STANDARD_CLIENTS, ClientSettings, HeaderRules
from gatewayd.ir.edge import DEFAULT_ESCAPED_SLASHES, UPGRADE, EscapedSlashes
from gatewayd.ir.filters import Header
from gatewayd.ir.http import GRPC_CONTENT_TYPE

_ESCAPED_SLASH: Final = re.compile(r"%2f", re.IGNORECASE)
_ESCAPED_BACKSLASH: Final = re.compile(r"%5c", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_ESCAPED_DOT: Final = re.compile("%2e", re.IGNORECASE)
_PARAMETERS: Final = re.compile(r"(?<=/)(\.{1,2});[^/]*")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TO_ESCAPE: Final = frozenset(' "<>`{}^|')
_DOTS: Final = frozenset({".", ".."})
_ESCAPED: Final = "the path has escaped slashes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`host` without a port and in lower case, `authority` as backends see it; `path` without its `query`.

    `headers` are those of `routed_headers`. `remarks`: what was left out on the way, in words. `client` is the address
    that it comes from, "" for one that is not known.
    """

    scheme: str
    method: str
    authority: str
    host: str
    path: str
    query: str | None
    headers: tuple[Header, ...]
    remarks: tuple[str, ...]
    client: str = ""

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
        required = ("origin", "access-control-request-method")
        return self.method == "OPTIONS" and all(any(self.header(name)) for name in required)

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
    """What a client sends: `target` is the path with its query, `host` may have a port.

    `client` is the address that it comes from, "" for one that is not known.
    """

    scheme: str
    method: str
    host: str
    target: str
    headers: tuple[Header, ...]
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Envoy answers by itself, before any route is asked; `location` "" unless it redirects."""

    status: int
    location: str
    why: str


def received(
    sent: Sent, slashes: EscapedSlashes = DEFAULT_ESCAPED_SLASHES, clients: ClientSettings = STANDARD_CLIENTS
) -> Request | Answered:
    """Return the request that the router sees; `slashes`: what becomes of escaped ones."""
    line = taken_apart(sent.scheme, sent.method, sent.target, sent.host, sent.headers)._replace(clients=clients)
    one_slash = merged if clients.path.merges else str
    refused = refusal(line, FIRST)
    if refused is not None:
        return Answered(status=refused.status, location="", why=refused.why)
    written, mark, query = line.path.partition("?")
    unescaped = _ESCAPED_BACKSLASH.sub(r"\\", _ESCAPED_SLASH.sub("/", written))
    if unescaped != written:
        answered = _escaped(slashes, one_slash(canonical(unescaped)) + mark + query, is_grpc=_says_grpc(sent.headers))
        if answered is not None:
            return answered
        if slashes is EscapedSlashes.UNESCAPE:
            written = unescaped
    path = one_slash(canonical(written))
    refused = refusal(line, LAST)
    if refused is not None:
        return Answered(status=refused.status, location="", why=refused.why)
    return Request(
        scheme=sent.scheme,
        method=sent.method,
        authority=line.authority,
        host=without_port(line.authority).lower(),
        path=path,
        query=query if mark else None,
        headers=tuple(routed_headers(_early(sent.headers, clients.headers), sent.scheme)),
        remarks=tuple(_remarks(sent)),
        client=sent.client,
    )


def _escaped(slashes: EscapedSlashes, location: str, *, is_grpc: bool) -> Answered | None:
    """Return what Envoy answers to a path with escaped slashes, None where it goes on; `location` is without them."""
    match slashes:
        case EscapedSlashes.REDIRECT if is_grpc:
            return Answered(
                status=400, location="", why=f"{_ESCAPED}; clients of gRPC follow no redirect and get INTERNAL"
            )
        case EscapedSlashes.REDIRECT:
            return Answered(status=307, location=location, why=f"{_ESCAPED}; clients are sent to it unescaped")
        case EscapedSlashes.REJECT:
            return Answered(status=400, location="", why=f"{_ESCAPED}, which the Gateway rejects")
        case EscapedSlashes.UNESCAPE | EscapedSlashes.KEEP:
            return None
        case _:
            assert_never(slashes)


def _early(headers: tuple[Header, ...], rules: HeaderRules) -> tuple[Header, ...]:
    """Return headers as they are when a route is chosen, but for those that no client may write."""
    changed = {name.lower() for name in (*rules.early_remove, *(each.name for each in rules.early_set))}
    dropped = rules.underscores == "Drop"
    kept = (each for each in headers if each.name.lower() not in changed and not (dropped and "_" in each.name))
    return (*kept, *(Header(name=each.name.lower(), value=each.value) for each in rules.early_set))


def _remarks(sent: Sent) -> Iterator[str]:
    for protocol in ignored_upgrades(sent.headers):
        yield f"upgrade to {protocol} is ignored, the request is served without it; {UPGRADE} is passed on"
    if becomes_websocket(sent.headers):
        yield f"the connection becomes a {UPGRADE} if the backend agrees"


def _says_grpc(headers: tuple[Header, ...]) -> bool:
    values = (each.value.strip(" \t") for each in headers if each.name.lower() == "content-type")
    return re2.fullmatch(GRPC_CONTENT_TYPE, ",".join(values)) is not None


def without_port(authority: str) -> str:
    """Return the host of "host", "host:port", "[::1]" or "[::1]:port"."""
    host, colon, after = authority.rpartition(":")
    return host if colon and "]" not in after else authority


def canonical(path: str) -> str:
    """Resolve "." and "..", turn backslashes round, and write each character the one way that URLs have for it.

    A dot segment may have parameters (`..;x`), which go with it up to the next slash, backslashes and all, though not
    when its dots are escaped or stand behind a backslash.
    """
    segments: list[str] = []
    parts = _PARAMETERS.sub(r"\1", path).replace("\\", "/").split("/")[1:]
    for at, part in enumerate(parts):
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
    return "".join(f"%{ord(char):02X}" if char in _TO_ESCAPE else char for char in plain)


def _plain(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0]
