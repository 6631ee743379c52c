"""Statuses: merging twice changes nothing, and what others wrote stays as it is, whatever it is."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.ir.outcome import (
    Address,
    GatewayClassOutcome,
    GatewayOutcome,
    ListenerOutcome,
    ListenerSetOutcome,
    Outcome,
    ParentOutcome,
    PolicyOutcome,
    Reference,
    RouteOutcome,
    Verdict,
)
from gatewayd.status.condition import Json
from gatewayd.status.merge import OWN_CONDITIONS, merge

US = "gatewayd.io/controller"
THEM = ("other.example/controller", "third.example/controller")
OWN = sorted(OWN_CONDITIONS)
NAMES = st.sampled_from(["a", "b", "c"])
GENERATIONS = st.integers(1, 3)

VERDICTS = st.lists(
    st.builds(Verdict, type=st.sampled_from(OWN), status=st.booleans(), reason=NAMES, message=NAMES),
    max_size=4,
    unique_by=lambda verdict: verdict.type,
).map(tuple)
REFERENCES = st.builds(
    Reference,
    group=st.just("gateway.networking.k8s.io"),
    kind=st.sampled_from(["Gateway", "ListenerSet"]),
    namespace=st.none() | NAMES,
    name=NAMES,
    section=st.none() | NAMES,
    port=st.none() | st.integers(80, 81),
)
PARENTS = st.lists(
    st.builds(ParentOutcome, ref=REFERENCES, verdicts=VERDICTS), max_size=5, unique_by=lambda parent: parent.ref
).map(tuple)
LISTENERS = st.lists(
    st.builds(
        ListenerOutcome,
        name=NAMES,
        port=st.just(80),
        kinds=st.just((("gateway.networking.k8s.io", "HTTPRoute"),)),
        attached=st.integers(0, 2),
        verdicts=VERDICTS,
    ),
    max_size=3,
    unique_by=lambda listener: listener.name,
).map(tuple)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(RouteOutcome, generation=GENERATIONS, parents=PARENTS),
    st.builds(PolicyOutcome, generation=GENERATIONS, ancestors=PARENTS),
    st.builds(ListenerSetOutcome, generation=GENERATIONS, verdicts=VERDICTS, listeners=LISTENERS),
    st.builds(GatewayClassOutcome, generation=GENERATIONS, verdicts=VERDICTS, features=st.just(("A", "B"))),
    st.builds(
        GatewayOutcome,
        generation=GENERATIONS,
        verdicts=VERDICTS,
        addresses=st.just((Address(type="IPAddress", value="192.0.2.1", routability=None),)),
        listeners=LISTENERS,
        attached_sets=st.integers(0, 2),
    ),
)

# --- what stands there already ---------------------------------------------------------------------------------

FOREIGN_TYPES = ("example.com/Checked", "Odd", "Ready")
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from((*OWN, *FOREIGN_TYPES)),
            "status": st.sampled_from(["True", "False", "Unknown"]),
            "reason": NAMES,
            "message": NAMES,
            "lastTransitionTime": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
        },
        optional={"observedGeneration": GENERATIONS},
    ),
    max_size=8,
    unique_by=lambda condition: condition["type"],
)
WRITTEN_REFERENCES = st.fixed_dictionaries(
    {"name": NAMES},
    optional={"namespace": NAMES, "sectionName": NAMES, "kind": st.sampled_from(["Gateway", "ListenerSet"])},
)


def entries(field: str, most: int) -> st.SearchStrategy[list[Json]]:
    entry = st.fixed_dictionaries(
        {
            field: WRITTEN_REFERENCES,
            "controllerName": st.sampled_from((US, *THEM)),
            "conditions": CONDITIONS,
        }
    )
    return st.lists(entry, max_size=most)


LISTED = st.lists(
    st.fixed_dictionaries({"name": NAMES, "attachedRoutes": st.integers(0, 2), "conditions": CONDITIONS}),
    max_size=3,
    unique_by=lambda listener: listener["name"],
)
LIVE = st.fixed_dictionaries(
    {},
    optional={
        "conditions": CONDITIONS,
        "parents": entries("parentRef", 32),
        "ancestors": entries("ancestorRef", 16),
        "listeners": LISTED,
        "future": st.just({"unknown": 1}),
    },
)


def settled(live: Json, outcome: Outcome | None, now: str) -> Json:
    found = merge(live, outcome, now=now, controller=US)
    return live if found is None else found


def foreign(conditions: list[Json]) -> list[Json]:
    return [each for each in conditions if each["type"] not in OWN_CONDITIONS]


def theirs(entries: list[Json]) -> list[Json]:
    return [each for each in entries if each["controllerName"] != US]


@settings(max_examples=100)
@given(LIVE, st.none() | OUTCOMES)
def test_merging_twice_changes_nothing(live: dict[str, Any], outcome: Outcome | None) -> None:
    once = settled(live, outcome, "2026-03-01T00:00:00Z")
    assert merge(once, outcome, now="2026-04-01T00:00:00Z", controller=US) is None


@settings(max_examples=100)
@given(LIVE, st.lists(st.none() | OUTCOMES, max_size=4))
def test_what_others_wrote_stays(live: dict[str, Any], outcomes: list[Outcome | None]) -> None:
    found: Json = live
    for outcome in outcomes:
        found = settled(found, outcome, "2026-03-01T00:00:00Z")
    assert foreign(found.get("conditions", [])) == foreign(live.get("conditions", []))
    for field in ("parents", "ancestors"):
        assert theirs(found.get(field, [])) == theirs(live.get(field, []))
    assert found.get("future") == live.get("future")


@settings(max_examples=100)
@given(LIVE, OUTCOMES)
def test_the_limits_of_the_crd_hold_and_every_condition_has_a_time(live: dict[str, Any], outcome: Outcome) -> None:
    found = settled(live, outcome, "2026-03-01T00:00:00Z")
    for field, limit in (("conditions", 8), ("parents", 32), ("ancestors", 16), ("listeners", 64)):
        assert len(found.get(field, [])) <= limit
    nested = [each for field in ("parents", "ancestors", "listeners") for each in found.get(field, [])]
    for conditions in (found.get("conditions", []), *(each["conditions"] for each in nested)):
        assert len(conditions) <= 8
        assert len({each["type"] for each in conditions}) == len(conditions)
        assert all(each["lastTransitionTime"] for each in conditions)


@settings(max_examples=100)
@given(LIVE, OUTCOMES)
def test_our_conditions_speak_of_the_generation_that_was_judged(live: dict[str, Any], outcome: Outcome) -> None:
    found = settled(live, outcome, "2026-03-01T00:00:00Z")
    entries_of = found.get(TOUCHED[type(outcome)], ())
    ours = [each for each in (found, *entries_of) if each.get("controllerName", US) == US]
    written = [each for each in ours if each is not found or isinstance(outcome, WITH_CONDITIONS)]
    for each in written:
        said = [condition for condition in each.get("conditions", ()) if condition["type"] in OWN_CONDITIONS]
        assert {condition["observedGeneration"] for condition in said} <= {outcome.generation}


TOUCHED: dict[type, str] = {
    RouteOutcome: "parents",
    PolicyOutcome: "ancestors",
    GatewayOutcome: "listeners",
    ListenerSetOutcome: "listeners",
    GatewayClassOutcome: "nothing",
}
WITH_CONDITIONS = (GatewayOutcome, ListenerSetOutcome, GatewayClassOutcome)
