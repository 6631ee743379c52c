"""How many endpoints are ready behind the rules of a route, of the queries that proxies get theirs from."""

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.route_chain import TABLES
from gatewayd.incremental.view import Member, View
from gatewayd.ir.backend import Discovered, ServiceBackend, Upstream
from gatewayd.ir.http import Forward
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.rules.route_kinds import rules


def ready_endpoints(view: View, kind: str, key: ObjectKey) -> int | None:
    """Return how many there are, each backend counted once, at the first Gateway of the route.

    None where there is nothing to count: no rule forwards, no Gateway takes the route, or DNS knows.
    """
    member = Member(TABLES[kind.lower()], key)
    gateway = next((parent.gateway for parent in attachments(view, member) if parent.attached), None)
    if gateway is None:
        return None
    clusters = (cluster(view, GatewayUpstream(gateway, each)).endpoints for each in _upstreams(view, member))
    counted = [len(each.serving) for each in clusters if isinstance(each, Discovered)]
    return sum(counted) if counted else None


def _upstreams(view: View, member: Member) -> dict[Upstream, None]:
    """Return the backends of all rules that get traffic, each once."""
    ruled = rules(view, member)
    forwards = [each.route.action for each in ruled.routes if isinstance(each.route.action, Forward)]
    shares = [share for forward in (*forwards, ruled.forward) if forward is not None for share in forward.backends]
    wanted = (share.backend for share in shares if share.weight)
    return {backend.upstream: None for backend in wanted if isinstance(backend, ServiceBackend)}
