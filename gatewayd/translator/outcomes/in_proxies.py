"""Whether the proxies of a Gateway have what a policy says, as far as they tell.

In: a policy that is accepted at a Gateway, and what the Gateway's proxies told. Out: a verdict `Programmed`, or none.
Good is said of what ACKs prove: of a ClientPolicy that one proxy has the listeners that it is for, of the others that
all proxies have a configuration that is made of the policy in this generation. What a proxy refuses later takes nothing
back: it goes on with what it had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Index, Member, View, query, rows
from gatewayd.ir.carriers import PolicyCarrier
from gatewayd.ir.fleet import MESH_FLEET, FleetKey, GatewayFleet
from gatewayd.ir.outcome import FleetReport, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.gateways.termination import can_serve
from gatewayd.translator.mesh.meshes import MESH
from gatewayd.translator.mesh.policies import is_led
from gatewayd.translator.outcomes.listeners import listener_programmed
from gatewayd.translator.parents import PARENT_TABLES
from gatewayd.translator.policies.effective import ScopedTarget, scoped_targets
from gatewayd.translator.policies.kinds import InheritedPolicy
from gatewayd.translator.proxies.governed import policy_generation, reached

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
_NODES: Final = "the mesh"
_ALL: Final = "all connected proxies have acknowledged it"


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


def _fleet(gateway: ObjectKey) -> FleetKey:
    return MESH_FLEET if gateway == MESH else GatewayFleet(namespace=gateway.namespace, name=gateway.name)


@query
def fleet_word(view: View, gateway: ObjectKey) -> FleetWord | None:
    """Return what proxies told, None before they have told anything."""
    report = view.get(FleetReport, _fleet(gateway))
    if report is None:
        return None
    ends = (f".{each.type_url.rpartition('.')[2]}" for each in report.rejections)
    return FleetWord(is_connected=report.connected > 0, refused=frozenset(ends))


def at_gateway(view: View, row: InheritedPolicy, gateway: ObjectKey) -> Verdict | None:
    """Return whether proxies of a Gateway have a policy that is accepted there; None where they have told nothing."""
    if isinstance(row, ClientPolicy):
        return _at_listeners(view, row, gateway) if fleet_word(view, gateway) is not None else None
    return _said(view, row, (gateway,), "the Gateway")


def at_nodes(view: View, row: InheritedPolicy) -> Verdict | None:
    """Return whether the proxies of nodes have a policy that is accepted; None where they have told nothing."""
    return _said(view, row, (MESH,), _NODES)


def target_programmed(view: View, row: InheritedPolicy, target: ScopedTarget) -> Verdict | None:
    """Return whether the proxies of all Gateways that have to do with a target have a policy for it."""
    if isinstance(row, ClientPolicy):
        return None
    nodes = (MESH,) if isinstance(row, AccessPolicy | RoutePolicy) and is_led(view, target) else ()
    return _said(view, row, (*dict.fromkeys(reached(view, row, target)), *nodes), "")


def _said(view: View, row: InheritedPolicy, gateways: tuple[ObjectKey, ...], called: str) -> Verdict | None:
    """Say it of all of these Gateways; `called` "": by the name of the first one whose proxies lack it.

    One without proxies has nobody who could have it.
    """
    words = [(each, word) for each in gateways if (word := fleet_word(view, each)) is not None]
    if not words:
        return None
    of = policy_generation(row)
    fleets = {each.key for each in view.bucket(HELD, HeldPolicy(of.policy, of.generation))}
    lacking = [(each, word) for each, word in words if _fleet(each) not in fleets]
    connected = [(each, word) for each, word in lacking if word.is_connected]
    if not connected:
        is_held = len(lacking) < len(words)
        return verdicts.programmed(_ALL) if is_held else verdicts.pending("no proxy is connected yet")
    (gateway, word), *_ = sorted(connected, key=lambda each: not _refused(of.carrier, each[1]))
    refused = ", ".join(_refused(of.carrier, word))
    where = called or (_NODES if gateway == MESH else f'Gateway "{gateway}"')
    if not refused:
        return verdicts.pending(f"a connected proxy {'' if called else f'of {where} '}has not acknowledged it yet")
    return verdicts.cannot_be_programmed(
        f"a proxy refuses {refused} of {where}, and goes on with what it had; {_WORDS}"
    )


def _refused(carrier: PolicyCarrier, word: FleetWord) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for end, name in _TYPES[carrier].items() if end in word.refused))


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
