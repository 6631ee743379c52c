"""Outcomes as a few words: what is said of each object, messages only where something is not as it should be."""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import (
    GatewayClassOutcome,
    GatewayOutcome,
    ListenerOutcome,
    ListenerSetOutcome,
    MeshOutcome,
    Outcome,
    ParametersOutcome,
    ParentOutcome,
    PolicyOutcome,
    Reference,
    RouteOutcome,
    Verdict,
)

Text = Mapping[str, Any]


def outcome_texts(outcomes: Mapping[Member, Outcome]) -> dict[str, Text]:
    """Return what is said, by "Kind namespace/name"."""
    named = {f"{member.table.__name__} {member.key}": _text(outcome) for member, outcome in outcomes.items()}
    return dict(sorted(named.items()))


def _text(outcome: Outcome) -> Text:
    match outcome:
        case GatewayClassOutcome() | MeshOutcome():
            return _conditions(outcome.verdicts)
        case GatewayOutcome():
            addresses = {"addresses": [each.value for each in outcome.addresses]}
            sets = {"attachedListenerSets": outcome.attached_sets} if outcome.attached_sets else {}
            return {**_conditions(outcome.verdicts), **addresses, **sets, **_listeners(outcome.listeners)}
        case ListenerSetOutcome():
            return {**_conditions(outcome.verdicts), **_listeners(outcome.listeners)}
        case RouteOutcome():
            return _parents(outcome.parents)
        case PolicyOutcome() | ParametersOutcome():
            return _parents(outcome.ancestors)
        case _:
            assert_never(outcome)


def _conditions(verdicts: Iterable[Verdict]) -> Text:
    return dict(map(_condition, verdicts))


def _condition(verdict: Verdict) -> tuple[str, str]:
    state = f"{verdict.status}" if verdict.reason == verdict.type else f"{verdict.status}, {verdict.reason}"
    told = verdict.message and verdict.reason != verdict.type
    return verdict.type, f"{state}: {verdict.message}" if told else state


def _listeners(listeners: Iterable[ListenerOutcome]) -> Text:
    return {
        f"listener {each.name}": {
            **_conditions(each.verdicts),
            "attachedRoutes": each.attached,
            "supportedKinds": [kind for _, kind in each.kinds],
        }
        for each in listeners
    }


def _parents(parents: Iterable[ParentOutcome]) -> Text:
    return {f"for {_reference(each.ref)}": _conditions(each.verdicts) for each in parents}


def _reference(ref: Reference) -> str:
    name = f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name
    section = f", section {ref.section}" if ref.section else ""
    return f"{ref.kind} {name}{section}{f', port {ref.port}' if ref.port else ''}"
