"""Servers that proxies ask because a policy or a Gateway says so: who checks, who counts, who sees, where logs go.

A backend of a route that must be spoken to under TLS and cannot be is a cluster that is closed. Such a server is none
at all then, since whoever names it has to say what comes of that.
"""

from gatewayd.incremental.view import View
from gatewayd.ir.backend import InvalidBackend, Upstream
from gatewayd.translator.backends.backend_refs import BackendAsk, backend
from gatewayd.translator.policies.backendtls import upstream_settings


def server(view: View, ask: BackendAsk) -> Upstream | InvalidBackend:
    """Return the server that a backendRef leads to, or why nobody can be asked."""
    target = backend(view, ask)
    return target if isinstance(target, InvalidBackend) else no_plain_text(view, target.upstream) or target.upstream


def no_plain_text(view: View, upstream: Upstream) -> InvalidBackend | None:
    """Return why an upstream that must be spoken to under TLS cannot be; None when it can, or need not."""
    settings = upstream_settings(view, upstream)
    if settings is None or settings.tls is not None:
        return None
    accepted = settings.accepted
    return InvalidBackend(reason=accepted.reason, message=f"no plain text is sent: {accepted.message}")
