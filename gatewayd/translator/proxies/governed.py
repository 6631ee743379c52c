"""Which policies have to do with a Gateway, and in which generations its proxies shall have them.

What a proxy has ACKed tells of resources, and a resource is made of many policies. So a configuration says which ones
it is made of; who has taken it has all of these.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.ir.carriers import Policies, PolicyCarrier, PolicyGeneration
from gatewayd.translator.attachment import attachments
from gatewayd.translator.gateways.gatewayclass import GATEWAYS_BY_CLASS
from gatewayd.translator.policies.effective import CLASS_KIND, NAMESPACE_KIND, ScopedTarget, scoped_targets
from gatewayd.translator.policies.kinds import InheritedPolicy
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND, ROUTES_BY_KIND
from gatewayd.translator.proxies.upstreams import SERVICE_USES
from gatewayd.translator.quotas import ACCOUNTS, Account

CARRIED_BY: Final[Mapping[Any, PolicyCarrier]] = {
    AccessPolicy: PolicyCarrier.ROUTES,
    RoutePolicy: PolicyCarrier.ROUTES,
    BackendPolicy: PolicyCarrier.BACKENDS,
    ReportPolicy: PolicyCarrier.LISTENERS,
}
"""What brings a kind of policy to proxies. Of a ClientPolicy each listener that it is for is looked at by itself."""
_ENOUGH: Final = 18
"""Characters of a uid, 60 bits of which are random: each replica tells the others of each policy."""


class PolicyAtGateway(NamedTuple):
    """A Gateway, and a policy that has to do with it."""

    gateway: ObjectKey
    policy: PolicyGeneration


def policy_generation(row: KubernetesObject) -> PolicyGeneration:
    """Return what a policy is called among those that a configuration is made of."""
    name = row.metadata.uid[:_ENOUGH] or f"{type(row).__name__} {row.metadata.key}"
    return PolicyGeneration(CARRIED_BY[type(row)], name, row.metadata.generation)


def gateways_of(view: View, target: ScopedTarget) -> Iterator[ObjectKey]:
    """Yield the Gateways that a target belongs to, or that lead to it, each once."""
    if target.kind == GATEWAY_KIND:
        yield target.key
    elif target.kind == LISTENERSET_KIND:
        row = view.get(ListenerSet, target.key)
        if row is not None:
            yield row.parent
    elif target.kind in ROUTES_BY_KIND:
        parents = attachments(view, Member(ROUTES_BY_KIND[target.kind], target.key))
        yield from dict.fromkeys(each.gateway for each in parents)
    elif target.kind == CLASS_KIND:
        yield from _of_class(view, target.key.name)
    elif target.kind == NAMESPACE_KIND:
        every = (gateway for name in view.group(GATEWAYS_BY_CLASS, None) for gateway in _of_class(view, name))
        yield from (each for each in every if view.count(ACCOUNTS, Account(each, target.key.name)))
    else:
        yield from (use.gateway for use in view.group(SERVICE_USES, (target.kind, target.key)))


def _of_class(view: View, name: str) -> Iterator[ObjectKey]:
    return (ObjectKey(*each.key) for each in view.bucket(GATEWAYS_BY_CLASS, name))  # type: ignore[misc]


def reached(view: View, row: InheritedPolicy, target: ScopedTarget) -> Iterator[ObjectKey]:
    """Yield the Gateways whose proxies have what a policy says of a target, as far as those can be found.

    Which of them lead to the Services of a namespace, from whichever namespace, nobody keeps.
    """
    if not (isinstance(row, BackendPolicy) and target.kind == NAMESPACE_KIND):
        yield from gateways_of(view, target)


@query
def governed(view: View, member: Member) -> tuple[PolicyAtGateway, ...]:
    """Return the Gateways that a policy has to do with."""
    row = view.get(member.table, member.key)
    if row is None:
        return ()
    gateways = dict.fromkeys(gateway for target in scoped_targets(row) for gateway in reached(view, row, target))
    return tuple(PolicyAtGateway(each, policy_generation(row)) for each in gateways)


GOVERNED = Index(
    name="policies_by_gateway",
    sources=tuple(Source(table=table, query=governed) for table in CARRIED_BY),
    group=lambda governed: governed.gateway,
)


@query
def policies_of(view: View, gateway: ObjectKey) -> Policies:
    """Return which policies the configuration of a Gateway's proxies is made of."""
    return tuple(each.policy for each in view.group(GOVERNED, gateway))
