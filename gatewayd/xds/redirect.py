"""Redirect -> RedirectAction.

Rules: https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter
"""

from typing import Any

from envoy.config.route.v3 import route_components_pb2 as pb

from gatewayd.ir.http import FullPath, PathMatch, Redirect
from gatewayd.xds.rewrite import rewritten_path

_CODES = {
    301: pb.RedirectAction.MOVED_PERMANENTLY,
    302: pb.RedirectAction.FOUND,
    303: pb.RedirectAction.SEE_OTHER,
    307: pb.RedirectAction.TEMPORARY_REDIRECT,
    308: pb.RedirectAction.PERMANENT_REDIRECT,
}
_SCHEME_PORTS = {"http": 80, "https": 443}


def redirect_action(redirect: Redirect, path: PathMatch, domain: str) -> Any:
    """Return the action that answers a request for a host of `domain`, whose path `path` matched, with a Location.

    Raises KeyError for a status that is no redirect: the API admits none.
    """
    return pb.RedirectAction(
        scheme_redirect=redirect.scheme or "",
        host_redirect=_host(redirect, domain),
        port_redirect=redirect.port or 0,
        response_code=_CODES[redirect.status],
        **_path(redirect, path),
    )


def port_in_place_of_the_requests(redirect: Redirect, domain: str) -> int | None:
    """Return the port to write out where the request's Host has one, None where that port is not kept anyway.

    Envoy keeps the port of the request's Host (":8080"), which is no port of the new URL, unless a host or a port is
    given. For a wildcard the host is not known here, so what the scheme implies is written out after all.
    """
    return _SCHEME_PORTS.get(redirect.scheme or "") if depends_on_domain(redirect) and "*" in domain else None


def depends_on_domain(redirect: Redirect) -> bool:
    """Tell whether the action is another one for another domain."""
    return redirect.host is None and redirect.port is None


def _host(redirect: Redirect, domain: str) -> str:
    if redirect.host is not None:
        return redirect.host
    if depends_on_domain(redirect) and "*" not in domain:
        # With the host, Envoy would keep the port of the request's Host as well: `port_in_place_of_the_requests`.
        return domain
    return ""


def _path(redirect: Redirect, path: PathMatch) -> dict[str, Any]:
    if isinstance(redirect.path, FullPath):
        return {"path_redirect": redirect.path.value}
    return rewritten_path(redirect.path, path)
