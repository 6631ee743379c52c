"""parentRefs x Services: what requests a route gets, or why it gets none.

On one frontend one kind counts: a GRPCRoute takes it from HTTPRoutes. Routes of a caller's own namespace take the
place of those of the Service's: that is the redirect's doing, by the view.
https://gateway-api.sigs.k8s.io/geps/gep-1294/#route-types-and-precedence
"""

from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query, ungrouped
from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.translator import verdicts
from gatewayd.translator.mesh.callers import named_callers
from gatewayd.translator.mesh.claims import ServiceParent, claims
from gatewayd.translator.mesh.consumers import view_port
from gatewayd.translator.mesh.frontends import EVERYBODY, Frontend
from gatewayd.translator.mesh.meshes import MESHED
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS


@query
def ported(view: View, member: Member) -> tuple[ServiceParent, ...]:
    """Return what a route asks for, without what no proxy has a port for."""
    return tuple(_with_port(view, each) for each in claims(view, member))


def _with_port(view: View, parent: ServiceParent) -> ServiceParent:
    if not parent.frontends or view_port(view, parent.frontends[0].view) is not None:
        return parent
    message = f"spec.parentRefs: more than {CONSUMER_PORTS} namespaces have routes for Services of others"
    verdict = verdicts.over_quota(f"{message}; routes in the namespace of the Service are allowed")
    return parent._replace(frontends=(), verdict=verdict)


def _asked(view: View, member: Member) -> dict[Frontend, None]:
    return dict.fromkeys(each for parent in ported(view, member) for each in parent.frontends)


@query
def led(view: View, member: Member) -> tuple[Frontend, ...]:
    """Return the frontends that a route brings: those that it asks for, and the same for callers whom policies name."""
    asked = _asked(view, member)
    names = sorted(each for each in named_callers(view, member) if view_port(view, each) is not None)
    apart = (each._replace(view=name) for each in asked if each.view == EVERYBODY for name in names)
    return tuple(dict.fromkeys((*asked, *apart)))


CLAIMS = Index(
    name="routes_by_frontend",
    sources=tuple(Source(table=table, query=led) for table in SERVICE_ROUTE_KINDS),
    group=ungrouped,
    readers=MESHED,
)
GRPC_CLAIMS = Index(
    name="grpc_routes_by_frontend",
    sources=(Source(table=GRPCRoute, query=led),),
    group=ungrouped,
    readers=MESHED,
)
"""Asked by HTTPRoutes: one more of their own kind is nothing to them."""


@query
def service_parents(view: View, member: Member) -> tuple[ServiceParent, ...]:
    """Return what became of each parentRef of a route that is a Service."""
    asked = ported(view, member)
    return tuple(_settled(view, each) for each in asked) if member.table is HTTPRoute else asked


def _settled(view: View, parent: ServiceParent) -> ServiceParent:
    """Leave a frontend to the GRPCRoutes that it has."""
    kept = tuple(each for each in parent.frontends if not _claiming(view, GRPC_CLAIMS, each))
    if kept == parent.frontends:
        return parent
    taken = [each for each in parent.frontends if each not in kept]
    ports = ", ".join(map(str, dict.fromkeys(each.port for each in taken)))
    [winner, *_] = _claiming(view, GRPC_CLAIMS, taken[0])
    message = f'port {ports} of Service "{parent.service}" is that of GRPCRoute "{ObjectKey(*winner.key)}"'  # type: ignore[misc]
    if kept:
        verdict = verdicts.with_notes(parent.verdict, (message,))
        return parent._replace(frontends=kept, verdict=verdict)
    message = f"spec.parentRefs: {message}, and one kind of route is allowed on a port"
    return parent._replace(frontends=(), verdict=verdicts.other_kind(message))


def routes_at(view: View, frontend: Frontend) -> tuple[Member, ...]:
    """Return the routes that a frontend has, of the kind that counts there: of a consumer his own, else everybody's."""
    own = own_routes_at(view, frontend)
    return own if own or frontend.view == EVERYBODY else own_routes_at(view, frontend._replace(view=EVERYBODY))


def own_routes_at(view: View, frontend: Frontend) -> tuple[Member, ...]:
    """Return the routes that ask for a frontend, of the kind that counts there."""
    return _claiming(view, GRPC_CLAIMS, frontend) or _claiming(view, CLAIMS, frontend)


def _claiming(view: View, index: Index, frontend: Frontend) -> tuple[Member, ...]:
    """Return the routes in a bucket without those that are there for callers whom policies name."""
    members = view.bucket(index, frontend)
    if frontend.view == EVERYBODY:
        return members
    return tuple(each for each in members if frontend in _asked(view, each))


def called_at(view: View, member: Member, frontend: Frontend) -> str:
    """Return the namespace of the Service that a frontend of a route is of; "" where it is none of the route's."""
    at = frontend._replace(view=EVERYBODY)
    parents = (each for each in ported(view, member) if at in [one._replace(view=EVERYBODY) for one in each.frontends])
    return next((each.service.namespace for each in parents), "")
