"""What becomes of paths and hosts: the Location of a redirect, the path and host that a backend sees.

Rules and the table of cases: https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier
"""

from gatewayd.explain.request import Request, without_port
from gatewayd.ir.http import FullPath, PathMatch, PathModifier, PrefixPath, Redirect


def modified_path(modifier: PathModifier | None, match: PathMatch, path: str) -> str:
    """Return a path that `match` holds for as a modifier makes it; the query is no part of it."""
    if modifier is None:
        return path
    if isinstance(modifier, FullPath):
        return modifier.value
    value = modifier.value.rstrip("/")
    if not isinstance(match, PrefixPath):
        return value or "/"
    prefix = match.value.rstrip("/")
    if value:
        return value + path[len(prefix) :]
    return "/" + path[len(prefix) :].lstrip("/") if prefix else path


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
