"""Redirect -> RedirectAction.

Rules: https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter
"""

from typing import Any

from envoy.config.route.v3 import route_components_pb2 as pb

from gatewayd.ir.http import PathMatch, Redirect
from gatewayd.xds.messages.rewrite import rewritten_path

_CODES = {
    301: pb.RedirectAction.MOVED_PERMANENTLY,
    302: pb.RedirectAction.FOUND,
    303: pb.RedirectAction.SEE_OTHER,
    307: pb.RedirectAction.TEMPORARY_REDIRECT,
    308: pb.RedirectAction.PERMANENT_REDIRECT,
}


def redirect_action(redirect: Redirect, path: PathMatch, domain: str) -> Any:
    """Return the action that answers a request for a host of `domain`, whose path `path` matched, with a Location.

    The path is changed in the request itself, so that it can be read there: `portless_fields`.

    Raises KeyError for a status that is no redirect: the API admits none.
    """
    return pb.RedirectAction(
        scheme_redirect=redirect.scheme or "",
        host_redirect=_host(redirect, domain),
        port_redirect=redirect.port or 0,
        response_code=_CODES[redirect.status],
        **rewritten_path(redirect.path, path),
    )


def keeps_unknown_host(redirect: Redirect, domain: str) -> bool:
    """Tell whether the Location has the request's host, of which only the request knows whether it has a port.

    The port is none of the new URL, and Envoy keeps it (":8080") unless a host or a port is given.
    """
    return depends_on_domain(redirect) and "*" in domain


def depends_on_domain(redirect: Redirect) -> bool:
    """Tell whether the action is another one for another domain."""
    return redirect.host is None and redirect.port is None


def _host(redirect: Redirect, domain: str) -> str:
    if redirect.host is not None:
        return redirect.host
    if depends_on_domain(redirect) and "*" not in domain:
        # With the host, Envoy would keep the port of the request's Host as well: `keeps_unknown_host`.
        return domain
    return ""
