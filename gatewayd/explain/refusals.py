"""What Envoy refuses by itself, before any route is asked, and why.

In: a request as a client sends it. Out: a status and words. The checks stand in Envoy's order: those of its HTTP/1
codec as it reads, then those of the connection manager (see xds/hcm.py). Agreement with Envoy itself is a test:
tests/feature/test_explain_refusals.py.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import re2

from gatewayd.ir.client_settings import STANDARD_CLIENTS, ClientSettings
from gatewayd.ir.edge import AUTHORITY
from gatewayd.ir.filters import Header
from gatewayd.ir.limits import CONNECTION_TOKENS

METHODS: Final = frozenset({
    "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "MERGE",
    "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "MSEARCH", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND",
    "PROPPATCH", "PURGE", "PUT", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND",
    "UNLINK", "UNLOCK", "UNSUBSCRIBE",
})  # fmt: skip
_WORDS: Final = METHODS | {"QUERY"}
_WITH_PORT: Final = re.compile(r"[^/]+:[0-9]+")
_NAME: Final = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z_-]+")
_VALUE: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]*")
_TARGET: Final = re.compile(r"[\x21-\x7e]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%\[\]-]*")
_ABSOLUTE: Final = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://(?:[^/?#@]*@)?([^/?#]*)(.*)")
_FORWARDED: Final = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})
_LONGEST_TE: Final = 256


class Line(NamedTuple):
    """A request taken apart: `scheme` is that of an absolute target, "" of another; `path` has the query.

    `over` is "https" when the client came by TLS, else "http". `clients`: how they may speak.
    """

    over: str
    method: str
    target: str
    scheme: str
    authority: str
    path: str
    headers: tuple[Header, ...]
    clients: ClientSettings = STANDARD_CLIENTS

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of a header, without the spaces around them."""
        return tuple(each.value.strip(" \t") for each in self.headers if each.name.lower() == name)


class LocalReply(NamedTuple):
    """What Envoy answers, and why."""

    status: int
    why: str


def taken_apart(over: str, method: str, target: str, host: str, headers: tuple[Header, ...]) -> Line:
    """Return the parts of a request; the host of its target goes before the header, and several are a list."""
    target = target.strip(" \t")
    lines = (host, *(each.value for each in headers if each.name.lower() == "host"))
    hosts = ",".join(filter(None, (each.strip(" \t") for each in lines)))
    line = Line(over, method, target, "", without_dot(hosts), target, headers)
    if method == "CONNECT":
        return line._replace(authority=without_dot(target))
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return line
    scheme, authority, rest = absolute.groups()
    return line._replace(scheme=scheme.lower(), authority=without_dot(authority), path=rest or "/")


def refusal(line: Line, checks: "Checks") -> LocalReply | None:
    """Return what Envoy refuses the request with, None when it goes on."""
    for status, check in checks:
        why = check(line)
        if why:
            return LocalReply(status, why)
    return None


def without_dot(authority: str) -> str:
    """Return an authority whose host does not end in the dot of the root: "a.:80" is "a:80"."""
    host, colon, port = authority.rpartition(":")
    if colon and host.endswith(".") and port.isdigit():
        return f"{host[:-1]}:{port}"
    return authority.removesuffix(".")


def _method(line: Line) -> str:
    return "" if line.method in METHODS else f"{line.method!r} is no method that is known"


def _word(line: Line) -> str:
    # It is read as a method, and then refused all the same.
    return "" if line.method in _WORDS else _method(line)


def _characters(line: Line) -> str:
    if _TARGET.fullmatch(line.target):
        is_path = line.target.startswith("/") or line.target == "*" or line.scheme or line.method == "CONNECT"
        return "" if is_path else "the path does not begin with a slash"
    return "the path has a space, a control character or a character that is not ASCII"


def _target(line: Line) -> str:
    if line.method == "CONNECT":
        return "" if _WITH_PORT.fullmatch(line.target) else "the target of CONNECT is no host with a port"
    if line.scheme:
        return "" if line.scheme in ("http", "https") and line.authority else "the absolute target is for no proxy"
    return "only OPTIONS has the target *" if line.target == "*" and line.method != "OPTIONS" else ""


def _syntax(line: Line) -> str:
    for header in line.headers:
        if not _NAME.fullmatch(header.name):
            return f"{header.name!r} is no name of a header"
        if not _VALUE.fullmatch(header.value):
            return f"header {header.name} has a control character"
    return ""


def _bytes(line: Line) -> str:
    size = len(line.target) + sum(len(each.name) + len(each.value) for each in line.headers)
    most = line.clients.headers.kib * 1024
    return f"the headers have {size} bytes; at most {most} are allowed" if size > most else ""


def _count(line: Line) -> str:
    # The header Host is one of them.
    count = len(line.headers) + 1
    most = line.clients.headers.count
    return f"the request has {count} headers; at most {most} are allowed" if count > most else ""


def _underscores(line: Line) -> str:
    is_refused = line.clients.headers.underscores == "Reject"
    underscored = [each.name for each in line.headers if "_" in each.name and is_refused]
    return f"header {underscored[0]} has an underscore in its name" if underscored else ""


def _length(line: Line) -> str:
    lengths = line.all("content-length")
    if len(lengths) > 1:
        return "the body has two lengths"
    if not all(each.isascii() and each.isdigit() for each in lengths):
        return "content-length is no number"
    return "the body has a length and is sent in chunks" if lengths and line.all("transfer-encoding") else ""


def _coding(line: Line) -> str:
    wrong = [each for each in line.all("transfer-encoding") if each.lower() != "chunked"]
    return f"transfer-encoding is {wrong[0]!r}; only chunked is known" if wrong else ""


def _connection(line: Line) -> str:
    tokens = [token.strip(" \t").lower() for value in line.all("connection") for token in value.split(",")]
    if len([token for token in tokens if token]) > CONNECTION_TOKENS:
        return f"the header Connection names more than {CONNECTION_TOKENS} others"
    wrong = [token for token in tokens if token in _FORWARDED or token.startswith(":")]
    if wrong:
        return f"the header Connection names {wrong[0]}, which is not the connection's"
    if "host" in tokens and not line.scheme and line.method != "CONNECT":
        return "the header Connection takes the Host away"
    if "te" in tokens and any(len(value) > _LONGEST_TE for value in line.all("te")):
        return f"the header TE is longer than {_LONGEST_TE} characters"
    return ""


def _scheme(line: Line) -> str:
    is_other = (line.scheme, line.over) == ("https", "http")
    return "the absolute target is for https and came over http" if is_other else ""


def _host(line: Line) -> str:
    return "" if _HOST.fullmatch(line.authority) else f"{line.authority!r} has a character that no host has"


def _fragment(line: Line) -> str:
    if "#" in line.path:
        return "the path has a fragment (#)"
    return "the path has a NUL (%00)" if "%00" in line.path.partition("?")[0] else ""


def _authority(line: Line) -> str:
    if re2.fullmatch(AUTHORITY, line.authority) is not None:
        return ""
    return f"{line.authority!r} is no host; a name or an address, perhaps with a port up to 65535, is one"


def _tunnel(line: Line) -> str:
    return "CONNECT is not served" if line.method == "CONNECT" else ""


def _asterisk(line: Line) -> str:
    return "" if line.path.startswith("/") else "no rule matches a request without a path"


Checks = tuple[tuple[int, Callable[[Line], str]], ...]

FIRST: Final[Checks] = (
    (400, _word),
    (400, _characters),
    (431, _bytes),
    (400, _syntax),
    (431, _count),
    (400, _underscores),
    (400, _length),
    (501, _coding),
    (400, _connection),
    (400, _target),
    (403, _scheme),
    (400, _host),
    (400, _method),
    (400, _fragment),
    (404, _asterisk),
)
"""What is asked before the path is written in the one way that routes know."""
LAST: Final[Checks] = ((400, _authority), (404, _tunnel))
"""What is asked after that."""
