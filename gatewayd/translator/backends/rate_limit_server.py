"""Which server counts requests for the proxies of a Gateway: what its parameters, or those of its class, name.

The class's own choice needs no leave: who writes its parameters runs gatewayd. A Gateway names a Service of its
namespace, or one that a ReferenceGrant lets it point at.
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure (parametersRef)
"""

from dataclasses import dataclass
from typing import Final

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, query
from gatewayd.ir.backend import Discovered, InvalidBackend, Protocol, Upstream
from gatewayd.translator.backends.backend_refs import BackendAsk, GatewayUpstream, cluster
from gatewayd.translator.backends.servers import server
from gatewayd.translator.parameters.chosen import chosen_parameters, parameters_of_class
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.protocols import GATEWAY_KIND

_KEY: Final = "rateLimitService"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitServer:
    """Where the service is, and for how long a request waits for its answer."""

    upstream: Upstream
    timeout_ms: int


@query
def rate_limit_server(view: View, gateway: ObjectKey) -> RateLimitServer | Unsupported | None:
    """Return who counts for a Gateway, or why it cannot be asked; None where nobody is named."""
    named = chosen_parameters(view, gateway).parameters.rate_limit_service
    if named is None:
        return None
    of_class = parameters_of_class(view, view.get(Gateway, gateway)).defaults.rate_limit_service
    to = ObjectKey(named.namespace, named.name)
    source = named.namespace if named == of_class else gateway.namespace
    upstream = server(view, BackendAsk(GATEWAY_KIND, source, SERVICE_KIND, to, named.port, Protocol.HTTP2))
    if isinstance(upstream, InvalidBackend):
        return Unsupported(f"{_KEY} in the parameters of Gateway {gateway}: {upstream.message}")
    return RateLimitServer(upstream=upstream, timeout_ms=named.timeout_ms)


def without_server(view: View, gateway: ObjectKey) -> str:
    """Return why nobody counts for a Gateway, for people; "" where somebody does."""
    counting = rate_limit_server(view, gateway)
    if counting is None:
        return f"Gateway {gateway} has no rate limit service; {_KEY} in its parameters, or its class's, names one"
    return counting.message if isinstance(counting, Unsupported) else ""


def silent_server(view: View, gateway: ObjectKey) -> str:
    """Return why the service of a Gateway answers nobody at the moment, as far as endpoints tell; "" where it may."""
    counting = rate_limit_server(view, gateway)
    if not isinstance(counting, RateLimitServer):
        return ""
    upstream = counting.upstream
    endpoints = cluster(view, GatewayUpstream(gateway, upstream)).endpoints
    if not isinstance(endpoints, Discovered) or endpoints.serving:
        return ""
    return f'the rate limit service, Service "{upstream.namespace}/{upstream.name}", has no ready endpoint'
