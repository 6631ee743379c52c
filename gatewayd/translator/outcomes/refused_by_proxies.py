"""Of which routes proxies refuse what is made of them, said on the route while they do.

In: what the proxies of a Gateway, or of the nodes, told. Out: a verdict for each parent of a route through which it got
into what is refused. Nothing is asked of a route but whether it is named: without refusals nothing is computed, and a
refusal wakes those that it names and no others.

Words of Envoy may quote what it refuses. So they are told to a route only where all that the resource is made of is of
the route's own namespace.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query, ungrouped
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.limits import REFUSED_ROUTES_TOLD
from gatewayd.ir.outcome import FleetReport, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import Attached, ParentAttachment
from gatewayd.translator.mesh.claims import ServiceParent
from gatewayd.translator.mesh.meshes import MESH
from gatewayd.translator.outcomes.refused_resources import RefusedBackend, namespace_of, refused_resource
from gatewayd.translator.proxies.virtualhosts import chain_name

_MOST_NAMED: Final = 4
"""Of what is refused of one route: an Envoy that refuses everything refuses each of its backends."""
_ELSEWHERE: Final = "; an Event of the Gateway has the words"
_IN_LOG: Final = "; gatewayd's log has the words"
"""Of the proxies of nodes: they have no object that an Event could be of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRefusal:
    """A route of which proxies of a Gateway, or of nodes (MESH), refuse something.

    `table` is whence it comes there, None: from anywhere. `backend`: what it leads to, None where that is a table.

    `field` leads there, `what` it is for people, `words` are Envoy's. `is_own`: all of it is of the route's namespace.
    """

    member: Member
    gateway: ObjectKey
    table: RouteTableKey | None
    backend: RefusedBackend | None
    field: str
    what: str
    words: str
    is_own: bool
    proxies: int
    of: int

    @property
    def message(self) -> str:
        """Say who refuses what, in words that stay the same while other proxies come and go."""
        elsewhere = _IN_LOG if self.gateway == MESH else _ELSEWHERE
        ending = f": {self.words}" if self.is_own else elsewhere
        return f"{self.field}: {self._who}{ending}"

    @property
    def message_of_backend(self) -> str:
        """Say the same to policies for the backend, which are of its namespace as all that it is made of."""
        return f"spec.targetRefs: {self._who}: {self.words}"

    @property
    def exact(self) -> str:
        """Say the same with numbers, and with Envoy's words, to those who may read everything."""
        return f"{self.field}: {self.proxies} of {self.of} connected proxies refuse {self.what}: {self.words}"

    @property
    def _who(self) -> str:
        if self.proxies == self.of:
            return f"all connected proxies refuse {self.what} and go on with what they had"
        if self.proxies > 1:
            return f"some of several proxies refuse {self.what} and go on with what they had"
        return f"one of several proxies refuses {self.what} and goes on with what it had"

    def is_through(self, parent: ParentAttachment | ServiceParent) -> bool:
        """Return whether it is through this parent that the route got to what is refused."""
        if isinstance(parent, ServiceParent):
            destinations = [str(each) for each in parent.frontends] if self.gateway == MESH else []
            return bool(destinations) and (self.table is None or self.table.destination in destinations)
        if parent.gateway != self.gateway or not parent.attached:
            return False
        return self.table is None or any(_routes_by(self.table, each) for each in parent.attached)


def _routes_by(table: RouteTableKey, attached: Attached) -> bool:
    own = table.listener in ("", chain_name(attached.listener))
    return own and attached.port.port == table.port


@query
def proxy_refusals(view: View, member: Member) -> tuple[ProxyRefusal, ...]:
    """Return of which routes a fleet (a FleetReport as a Member) refuses something, as many as are told of."""
    report = view.get(FleetReport, member.key)
    if report is None or not report.standing:
        return ()
    fleet = member.key
    gateway = ObjectKey(fleet.namespace, fleet.name) if isinstance(fleet, GatewayFleet) else MESH
    return tuple(islice(_all_refused(view, gateway, report), REFUSED_ROUTES_TOLD))


def _behind(told: tuple[ProxyRefusal, ...]) -> frozenset[Hashable]:
    both = ((each.member, each.backend) for each in told)
    return frozenset(each for pair in both for each in pair if each is not None)


REFUSED_BY_PROXIES = Index(
    name="fleets_by_what_they_refuse",
    sources=(Source(table=FleetReport, query=proxy_refusals, keys=_behind),),
    group=ungrouped,
)
"""By route, and by backend: whose proxies refuse something of it."""


def refused_at(view: View, member: Member, parent: ParentAttachment | ServiceParent) -> Verdict | None:
    """Return what is said of a route for a parent through which proxies refuse something of it; None for nothing."""
    fleets = view.bucket(REFUSED_BY_PROXIES, member)
    if not fleets:
        return None
    told = (each for fleet in fleets for each in proxy_refusals(view, fleet))
    messages = [*dict.fromkeys(each.message for each in told if each.member == member and each.is_through(parent))]
    return _verdict(messages)


def backend_refused_at(view: View, backend: RefusedBackend, gateway: ObjectKey) -> Verdict | None:
    """Return what is said of a policy for a backend that proxies of a Gateway refuse; None for nothing."""
    fleets = view.bucket(REFUSED_BY_PROXIES, backend)
    told = (each for fleet in fleets for each in proxy_refusals(view, fleet))
    of_gateway = (each for each in told if each.backend == backend and each.gateway == gateway)
    return _verdict([*dict.fromkeys(each.message_of_backend for each in of_gateway)])


def _verdict(messages: list[str]) -> Verdict | None:
    if not messages:
        return None
    more = f"; and {len(messages) - _MOST_NAMED} more" if len(messages) > _MOST_NAMED else ""
    return verdicts.refused_by_proxy(f"{'; '.join(messages[:_MOST_NAMED])}{more}")


def every_refusal(
    view: View, member: Member, parent: ParentAttachment | ServiceParent, report: FleetReport | None
) -> Iterator[ProxyRefusal]:
    """Yield what proxies that told this refuse of a route through a parent, however many others it is told to."""
    gateway = MESH if isinstance(parent, ServiceParent) else parent.gateway
    for each in _all_refused(view, gateway, report) if report is not None else ():
        if each.member == member and each.is_through(parent):
            yield each


def _all_refused(view: View, gateway: ObjectKey, report: FleetReport) -> Iterator[ProxyRefusal]:
    """Yield the routes; those of resources with few of them go first: what stands alone is to blame."""
    both = ((each, refused_resource(view, gateway, each)) for each in report.standing)
    by_size = sorted(((each, of) for each, of in both if of is not None), key=lambda pair: len(pair[1].fields))
    for refusal, of in by_size:
        for member, field in sorted(of.fields.items(), key=lambda each: each[0].order):
            yield ProxyRefusal(
                member=member,
                gateway=gateway,
                table=of.table,
                backend=of.backend,
                field=field,
                what=of.what,
                words=" ".join(refusal.message.split()),
                is_own=of.namespaces == {namespace_of(member)},
                proxies=refusal.proxies,
                of=refusal.of,
            )
