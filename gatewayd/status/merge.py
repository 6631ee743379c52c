"""Outcome + live status -> the status to write, or None when the live one says it already.

Invariants: what others wrote (their entries of `parents` and `ancestors`, condition types that we never say, fields
that we do not know) stays as it is and where it is; what we wrote and no longer say goes; merging twice changes
nothing. https://gateway-api.sigs.k8s.io/reference/spec/#routestatus
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from gatewayd.ir.conditions import CONDITIONS
from gatewayd.ir.outcome import (
    GatewayClassOutcome,
    GatewayOutcome,
    IngressOutcome,
    ListenerSetOutcome,
    MeshOutcome,
    Outcome,
    ParametersOutcome,
    PolicyOutcome,
    RouteOutcome,
)
from gatewayd.status.condition import Json
from gatewayd.status.gateway import gateway_status
from gatewayd.status.gatewayclass import controller_status
from gatewayd.status.ingress import ingress_status
from gatewayd.status.listenerset import listenerset_status
from gatewayd.status.parameters import is_signed, parameters_status
from gatewayd.status.policy import policy_status
from gatewayd.status.route import route_status

OWN_CONDITIONS: Final = frozenset(CONDITIONS)
"""The condition types that we say; those of this list that we do not say of an object are removed from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Who writes, and when (RFC 3339 text)."""

    controller: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keyed:
    """A list whose entries are told apart by `key`; entries that are not `ours` are left alone.

    `limit` is the CRD's maxItems. `merged` makes an entry of the live one ({} when it is new) and the wanted one.
    """

    key: Callable[[Json], Hashable]
    ours: Callable[[Json, _Writer], bool]
    merged: Callable[[Json, Json, _Writer], Json]
    limit: int


def merge(live: Json, outcome: Outcome | None, *, now: str, controller: str) -> Json | None:
    """Return the status that an object shall have instead of `live`; None when that is `live` itself.

    `outcome` None: nothing is said of the object any more, so our entries go from its lists of parents or ancestors.
    Conditions outside of such entries carry no name; they stay, because the object may be another controller's now.
    """
    wanted = {name: [] for name in _ENTRIES if name in live} if outcome is None else status(outcome, controller)
    merged_status = _merged(live, wanted, _Writer(controller=controller, now=now))
    return None if merged_status == live else merged_status


def status(outcome: Outcome, controller: str) -> Json:
    """Return the status that an outcome makes, without times."""
    match outcome:
        case GatewayClassOutcome() | MeshOutcome():
            return controller_status(outcome)
        case GatewayOutcome():
            return gateway_status(outcome)
        case ListenerSetOutcome():
            return listenerset_status(outcome)
        case RouteOutcome():
            return route_status(outcome, controller)
        case IngressOutcome():
            return ingress_status(outcome)
        case PolicyOutcome() | ParametersOutcome():
            return _ancestors(outcome, controller)
        case _:
            assert_never(outcome)


def _ancestors(outcome: PolicyOutcome | ParametersOutcome, controller: str) -> Json:
    if isinstance(outcome, PolicyOutcome):
        return policy_status(outcome, controller)
    return parameters_status(outcome, controller)


def _merged(live: Json, wanted: Json, writer: _Writer) -> Json:
    return {**live, **{name: _value(live.get(name), value, _LISTS.get(name), writer) for name, value in wanted.items()}}


def _value(live: Any, wanted: Any, rule: _Keyed | None, writer: _Writer) -> Any:
    return wanted if rule is None else _entries(live or [], wanted, rule, writer)


def _entries(live: Sequence[Json], wanted: Sequence[Json], rule: _Keyed, writer: _Writer) -> list[Json]:
    """Put our entries, in our order, where our entries were; the rest of them at the end."""
    before = {rule.key(each): each for each in reversed(live) if rule.ours(each, writer)}
    mine = iter([rule.merged(before.get(rule.key(each), {}), each, writer) for each in wanted])
    placed = [next(mine, None) if rule.ours(each, writer) else each for each in live]
    return [*(each for each in placed if each is not None), *mine][: rule.limit]


def _condition(live: Json, wanted: Json, writer: _Writer) -> Json:
    since = live.get("lastTransitionTime") if live.get("status") == wanted["status"] else None
    return {**wanted, "lastTransitionTime": since or writer.now}


def _reference_key(name: str) -> Callable[[Json], Hashable]:
    """Return the function that gives what an entry's reference `name` points at, the CRD's defaults applied."""

    def key(entry: Json) -> Hashable:
        ref = entry[name]
        place = (ref.get("namespace"), ref["name"], ref.get("sectionName"), ref.get("port"))
        return (ref.get("group", "gateway.networking.k8s.io"), ref.get("kind", "Gateway"), *place)

    return key


def _by_us(entry: Json, writer: _Writer) -> bool:
    return bool(entry.get("controllerName") == writer.controller) or is_signed(entry, writer.controller)


_ENTRIES: Final[Mapping[str, _Keyed]] = {
    "parents": _Keyed(key=_reference_key("parentRef"), ours=_by_us, merged=_merged, limit=32),
    "ancestors": _Keyed(key=_reference_key("ancestorRef"), ours=_by_us, merged=_merged, limit=16),
}
_LISTS: Final[Mapping[str, _Keyed]] = {
    **_ENTRIES,
    "conditions": _Keyed(
        key=lambda condition: condition["type"],
        ours=lambda condition, _: condition["type"] in OWN_CONDITIONS,
        merged=_condition,
        limit=8,
    ),
    "listeners": _Keyed(key=lambda listener: listener["name"], ours=lambda *_: True, merged=_merged, limit=64),
}
