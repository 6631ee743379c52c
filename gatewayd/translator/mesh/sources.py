"""Whether the proxies of nodes reach the backends of a rule with the address of the pod that calls.

In: a Route, and the family of the address that was called, which is that of the pod's own. Out: the Route, whose
backends are endpoints of this family alone where each of them has such: nobody is reached at an address of one family
from an address of the other.
"""

from dataclasses import replace

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View
from gatewayd.ir.backend import ServiceBackend
from gatewayd.ir.filters import KeptSource
from gatewayd.ir.http import Forward, Route, WeightedBackend
from gatewayd.translator.backends.endpoints import families
from gatewayd.translator.environment import environment


def family_of(address: str) -> str:
    """Return the family of an IP address, as EndpointSlices call it."""
    return "IPv6" if ":" in address else "IPv4"


def with_source(view: View, route: Route, family: str) -> Route:
    """Return a Route that keeps the address of who calls, as it was where that is not asked for or cannot be."""
    if not environment(view).keeps_source or not isinstance(route.action, Forward):
        return route
    upstreams = [each.backend.upstream for each in route.action.backends if isinstance(each.backend, ServiceBackend)]
    services = dict.fromkeys(ObjectKey(each.namespace, each.name) for each in upstreams)
    if not services or not all(family in families(view, each) for each in services):
        return route
    backends = tuple(_of_family(each, family) for each in route.action.backends)
    return replace(route, action=replace(route.action, backends=backends), filters=(*route.filters, KeptSource()))


def _of_family(share: WeightedBackend, family: str) -> WeightedBackend:
    if not isinstance(share.backend, ServiceBackend):
        return share
    return replace(share, backend=ServiceBackend(upstream=replace(share.backend.upstream, family=family)))
