"""What becomes of paths and hosts: the Location of a redirect, the path and host that a backend sees.

Rules and the table of cases: https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier
"""

import re
from typing import Any, Final

import re2

from gatewayd.explain.request import Request, without_port
from gatewayd.ir.http import FullPath, PathMatch, PathModifier, PrefixPath, Redirect, RegexReplacement

_ESCAPED: Final = re.compile(r"\\([0-9\\])")


def modified_path(modifier: PathModifier | None, match: PathMatch, path: str) -> str:
    """Return a path that `match` holds for as a modifier makes it; the query is no part of it."""
    if modifier is None:
        return path
    if isinstance(modifier, FullPath):
        return modifier.value
    if isinstance(modifier, RegexReplacement):
        return _replaced(modifier, path)
    value = modifier.value.rstrip("/")
    if not isinstance(match, PrefixPath):
        return value or "/"
    prefix = match.value.rstrip("/")
    if value:
        return value + path[len(prefix) :]
    return "/" + path[len(prefix) :].lstrip("/") if prefix else path


def _replaced(modifier: RegexReplacement, path: str) -> str:
    """Return what RE2's GlobalReplace makes of a path: an empty match at the end of the one before does not count."""
    parts: list[str] = []
    done, last = 0, -1
    for match in re2.finditer(modifier.pattern, path):
        start, end = match.span()
        if start == end == last:
            continue
        parts += [path[done:start], _substituted(modifier.value, match)]
        done = last = end
    return "".join((*parts, path[done:]))


def _substituted(value: str, match: Any) -> str:
    def written(escaped: re.Match[str]) -> str:
        return escaped[1] if escaped[1] == "\\" else match[int(escaped[1])] or ""

    return _ESCAPED.sub(written, value)


def location(redirect: Redirect, match: PathMatch, domain: str, request: Request) -> str:
    """Return the Location that a redirect answers with."""
    scheme = redirect.scheme or request.scheme
    host = redirect.host
    if host is None:
        # A port of the request's host is none of the new URL.
        host = domain if redirect.port is None and "*" not in domain else without_port(request.authority)
    port = "" if redirect.port is None else f":{redirect.port}"
    path = modified_path(redirect.path, match, request.path)
    query = "" if request.query is None else f"?{request.query}"
    return f"{scheme}://{host}{port}{path}{query}"
