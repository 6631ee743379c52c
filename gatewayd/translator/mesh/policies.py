"""Which policies have to do with what is sent to Services, and in which generations nodes shall have them."""

from typing import Final

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Index, Member, Source, View, query, ungrouped
from gatewayd.ir.carriers import Policies, PolicyGeneration
from gatewayd.translator.mesh.claims import ServiceParent
from gatewayd.translator.mesh.meshes import MESHED, mesh_is_on
from gatewayd.translator.mesh.parents import service_parents
from gatewayd.translator.policies.effective import NAMESPACE_KIND, ScopedTarget, scoped_targets
from gatewayd.translator.protocols import ROUTES_BY_KIND
from gatewayd.translator.proxies.governed import policy_generation
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS

_CARRIED: Final = (AccessPolicy, RoutePolicy)


@query
def led_namespaces(view: View, member: Member) -> tuple[str, ...]:
    """Return the namespaces whose policies count for a route: its own, and those of its Services."""
    parents = [each for each in service_parents(view, member) if each.frontends]
    row = view.get(member.table, member.key)
    if not parents or row is None:
        return ()
    return tuple(dict.fromkeys((row.metadata.namespace, *(each.service.namespace for each in parents))))


LED_NAMESPACES = Index(
    name="routes_of_services_by_namespace",
    sources=tuple(Source(table=table, query=led_namespaces) for table in SERVICE_ROUTE_KINDS),
    group=ungrouped,
    readers=MESHED,
)


def called_by_route(view: View, target: ScopedTarget) -> tuple[ServiceParent, ...]:
    """Return the parents of a route that are Services of which it gets requests, where a target is one."""
    table = ROUTES_BY_KIND.get(target.kind)
    if table is None or table not in SERVICE_ROUTE_KINDS or not mesh_is_on(view, ()):
        return ()
    return tuple(each for each in service_parents(view, Member(table, target.key)) if each.frontends)


def is_led(view: View, target: ScopedTarget) -> bool:
    """Return whether what is sent to Services is led by what a policy for a target counts for."""
    if target.kind == NAMESPACE_KIND:
        return mesh_is_on(view, ()) and view.count(LED_NAMESPACES, target.key.name) > 0
    return bool(called_by_route(view, target))


@query
def led_policies(view: View, member: Member) -> tuple[PolicyGeneration, ...]:
    """Return a policy as the configuration of the nodes' proxies names it; nothing where it is nothing to them."""
    row = view.get(member.table, member.key)
    if row is None or not any(is_led(view, target) for target in scoped_targets(row)):
        return ()
    return (policy_generation(row),)


LED_POLICIES = Index(
    name="policies_of_mesh",
    sources=tuple(Source(table=table, query=led_policies) for table in _CARRIED),
    group=ungrouped,
    readers=MESHED,
)


def policies_of_mesh(view: View) -> Policies:
    """Return which policies the configuration of the nodes' proxies is made of."""
    return view.group(LED_POLICIES, None)
