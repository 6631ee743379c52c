"""BackendTLSPolicy and an XBackend's own TLS: how an upstream is spoken to under TLS.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy
"""

from gatewayd.incremental.view import View, query
from gatewayd.ir.backend import Upstream
from gatewayd.ir.tls import UpstreamTLS


@query
def upstream_tls(view: View, upstream: Upstream) -> UpstreamTLS | None:  # noqa: ARG001
    """Return the TLS settings for an upstream, None for plain text."""
    return None
