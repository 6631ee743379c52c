"""Whether the proxies of a Gateway have what a policy says, as far as they tell.

In: a policy that is accepted at a Gateway, and what the Gateway's proxies told. Out: a verdict `Programmed`, or none.
Good is said of what an ACK proves, which reports tell of listeners: they carry ClientPolicies. Of routes and clusters
reports tell what proxies refuse, so that of policies which these carry it is said what keeps them out, and no more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member, View, query
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.gateways.termination import can_serve
from gatewayd.translator.outcomes.listeners import listener_programmed
from gatewayd.translator.parents import PARENT_TABLES
from gatewayd.translator.policies.effective import scoped_targets
from gatewayd.translator.policies.kinds import InheritedPolicy

_ROUTES: Final = {
    ".RouteConfiguration": "routes",
    ".ScopedRouteConfiguration": "routes",
    ".TypedExtensionConfig": "filters",
}
_CARRIERS: Final[Mapping[Any, Mapping[str, str]]] = {
    AccessPolicy: _ROUTES,
    RoutePolicy: _ROUTES,
    BackendPolicy: {".Cluster": "backends"},
    ClientPolicy: {".Listener": "listeners"},
}
"""How the types of what carries a kind of policy end, and what each is called for people."""
_WORDS: Final = "an Event of the Gateway has the words"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetWord:
    """What policies need know of what the proxies of a Gateway told: how the types end that they refuse some of."""

    is_connected: bool
    refused: frozenset[str]


@query
def fleet_word(view: View, gateway: ObjectKey) -> FleetWord | None:
    """Return what proxies told, None before they have told anything."""
    report = view.get(FleetReport, GatewayFleet(namespace=gateway.namespace, name=gateway.name))
    if report is None:
        return None
    ends = (f".{each.type_url.rpartition('.')[2]}" for each in report.rejections)
    return FleetWord(is_connected=report.connected > 0, refused=frozenset(ends))


def policy_programmed(view: View, row: InheritedPolicy, gateway: ObjectKey) -> Verdict | None:
    """Return whether proxies of a Gateway have a policy that is accepted there; None where they do not tell."""
    carriers = _CARRIERS.get(type(row))
    word = fleet_word(view, gateway) if carriers is not None else None
    if word is None or carriers is None:
        return None
    if not word.is_connected:
        return verdicts.pending("no proxy is connected yet")
    if isinstance(row, ClientPolicy):
        return _at_listeners(view, row, gateway)
    refused = dict.fromkeys(name for end, name in carriers.items() if end in word.refused)
    if not refused:
        return None
    what = ", ".join(refused)
    return verdicts.cannot_be_programmed(
        f"a proxy refuses {what} of the Gateway, and goes on with what it had; {_WORDS}"
    )


def _at_listeners(view: View, row: ClientPolicy, gateway: ObjectKey) -> Verdict | None:
    """Return what is said of the listeners that a policy is for: what is wrong with the first that proxies lack."""
    said = tuple(_listeners(view, row, gateway))
    return next((each for each in said if not each.status), said[0] if said else None)


def _listeners(view: View, row: ClientPolicy, gateway: ObjectKey) -> Iterator[Verdict]:
    for target in scoped_targets(row):
        table = PARENT_TABLES.get(target.kind)
        for listener in own_listeners(view, Member(table, target.key)) if table is not None else ():
            is_meant = listener.gateway == gateway and target.section in ("", listener.key.section)
            if is_meant and can_serve(view, gateway, listener):
                yield listener_programmed(view, listener)
