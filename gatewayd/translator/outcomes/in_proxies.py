"""Whether the proxies of a Gateway have what a policy says, as far as they tell.

In: a policy that is accepted at a Gateway, and what the Gateway's proxies told. Out: a verdict `Programmed`, or none.
Good is said of what ACKs prove: of a ClientPolicy that one proxy has the listeners that it is for, of the others that
all proxies have a configuration that is made of the policy in this generation. What a proxy refuses later takes nothing
back: it goes on with what it had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, View, query, rows
from gatewayd.ir.carriers import PolicyCarrier
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.gateways.termination import can_serve
from gatewayd.translator.outcomes.listeners import listener_programmed
from gatewayd.translator.parents import PARENT_TABLES
from gatewayd.translator.policies.effective import scoped_targets
from gatewayd.translator.policies.kinds import InheritedPolicy
from gatewayd.translator.proxies.governed import policy_generation

_ROUTES: Final = {
    ".RouteConfiguration": "routes",
    ".ScopedRouteConfiguration": "routes",
    ".TypedExtensionConfig": "filters",
}
_TYPES: Final[Mapping[PolicyCarrier, Mapping[str, str]]] = {
    PolicyCarrier.ROUTES: _ROUTES,
    PolicyCarrier.BACKENDS: {".Cluster": "backends"},
    PolicyCarrier.LISTENERS: {".Listener": "listeners", **_ROUTES},
}
"""How the types of what carries a policy end, and what each is called for people."""
_WORDS: Final = "an Event of the Gateway has the words"


class HeldPolicy(NamedTuple):
    """A policy that all proxies have, in this generation."""

    policy: str
    generation: int


def _held(report: FleetReport) -> Iterator[HeldPolicy]:
    return (HeldPolicy(*each) for each in (report.policies or {}).items())


HELD = Index(name="fleets_by_held_policy", sources=(rows(FleetReport, _held),), group=lambda held: held.policy)
"""By policy and generation: the fleets whose proxies all have it."""


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
    """Return whether proxies of a Gateway have a policy that is accepted there; None where they have told nothing."""
    word = fleet_word(view, gateway)
    if word is None:
        return None
    if isinstance(row, ClientPolicy):
        return _at_listeners(view, row, gateway)
    of = policy_generation(row)
    fleets = view.bucket(HELD, HeldPolicy(of.policy, of.generation))
    if Member(FleetReport, GatewayFleet(namespace=gateway.namespace, name=gateway.name)) in fleets:
        return verdicts.programmed("all connected proxies have acknowledged it")
    if not word.is_connected:
        return verdicts.pending("no proxy is connected yet")
    refused = dict.fromkeys(name for end, name in _TYPES[of.carrier].items() if end in word.refused)
    if not refused:
        return verdicts.pending("a connected proxy has not acknowledged it yet")
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
