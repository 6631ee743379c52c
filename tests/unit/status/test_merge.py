"""What is ours is brought up to date; what is not stays as it is and where it is."""

from typing import Any

import pytest

from gatewayd.ir.outcome import Outcome, Verdict
from gatewayd.status.condition import Json
from gatewayd.status.merge import merge, status
from tests.unit.status.shorthand import (
    GROUP,
    NO,
    RESOLVED,
    THEM,
    US,
    YES,
    gateway,
    gatewayclass,
    listener,
    listenerset,
    parent,
    policy,
    route,
)

OLD, NOW = "2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z"


def merged(live: Json, outcome: Outcome | None) -> Json:
    found = merge(live, outcome, now=NOW, controller=US)
    assert found is not None
    assert merge(found, outcome, now="later", controller=US) is None, "merging twice changes something"
    return found


def condition(kind: str = "Accepted", state: str = "True", since: str = OLD, generation: int = 2) -> dict[str, Any]:
    return {
        "type": kind,
        "status": state,
        "reason": kind,
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": since,
    }


def theirs(name: str = "gw") -> dict[str, Any]:
    ref = {"name": name, "futureField": [1]}
    return {"parentRef": ref, "conditions": [condition("Odd")], "controllerName": THEM, "unknown": {"a": 1}}


def ours(name: str = "gw", *conditions: dict[str, Any], **more: object) -> dict[str, Any]:
    ref = {"group": GROUP, "kind": "Gateway", "name": name, **more}
    return {"parentRef": ref, "controllerName": US, "conditions": list(conditions) or [condition()]}


@pytest.mark.parametrize(
    "outcome",
    [gateway(listener()), listenerset(listener()), gatewayclass("A"), route(parent()), policy(parent())],
    ids=lambda each: type(each).__name__,
)
def test_a_new_object_gets_everything(outcome: Outcome) -> None:
    found = merged({}, outcome)
    assert found.keys() == status(outcome, US).keys()
    assert f"'lastTransitionTime': '{NOW}'" in str(found)


def test_nothing_is_written_that_stands_there_already() -> None:
    assert merge({"parents": [ours()]}, route(parent()), now=NOW, controller=US) is None


# --- conditions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "since"),
    [
        (condition(generation=1), OLD),
        ({**condition(), "reason": "Other"}, OLD),
        ({**condition(), "message": "other"}, OLD),
        (condition(state="False"), NOW),
        (condition(state="Unknown", since="1970-01-01T00:00:00Z"), NOW),
    ],
)
def test_the_time_of_the_last_transition_is_that_of_the_status(live: dict[str, Any], since: str) -> None:
    found = merged({"parents": [ours("gw", live)]}, route(parent()))
    assert found["parents"][0]["conditions"] == [condition(since=since)]


def test_the_defaults_of_the_crd_are_replaced() -> None:
    waiting = [condition(kind, "Unknown", "1970-01-01T00:00:00Z", 0) for kind in ("Accepted", "Programmed")]
    found = merged({"conditions": waiting}, gateway(listener()))
    assert [(each["type"], each["status"], each["observedGeneration"]) for each in found["conditions"]] == [
        ("Accepted", "True", 2)
    ]


def test_conditions_of_others_stay_where_they_are() -> None:
    first, last = condition("example.com/First", generation=1), {**condition("Last"), "extra": True}
    live = {"conditions": [first, condition(state="False"), last]}
    found = merged(live, gateway(listener(), verdicts=(YES, RESOLVED)))
    assert [each["type"] for each in found["conditions"]] == ["example.com/First", "Accepted", "Last", "ResolvedRefs"]
    assert found["conditions"][0] is first
    assert found["conditions"][2] is last


def test_a_condition_that_we_no_longer_say_goes() -> None:
    found = merged({"parents": [ours("gw", condition(), condition("PartiallyInvalid"))]}, route(parent()))
    assert [each["type"] for each in found["parents"][0]["conditions"]] == ["Accepted"]


def test_others_conditions_inside_our_entries_stay() -> None:
    found = merged({"parents": [ours("gw", condition("Theirs"), condition(state="False"))]}, route(parent()))
    assert [each["type"] for each in found["parents"][0]["conditions"]] == ["Theirs", "Accepted"]


def test_there_are_no_more_than_eight_conditions() -> None:
    crowd = [condition(f"Theirs{at}") for at in range(7)]
    found = merged({"conditions": crowd}, gateway(listener(), verdicts=(YES, RESOLVED)))
    assert [each["type"] for each in found["conditions"]] == [*(each["type"] for each in crowd), "Accepted"]


# --- parents and ancestors -------------------------------------------------------------------------------------


def test_entries_of_other_controllers_stay_byte_for_byte() -> None:
    before, after = theirs(), theirs("other")
    found = merged({"parents": [before, ours("gw", condition(state="False")), after]}, route(parent()))
    assert found["parents"] == [before, ours("gw", condition(since=NOW)), after]
    assert found["parents"][0] is before
    assert found["parents"][2] is after


def test_entries_of_ours_that_are_stale_go() -> None:
    live = {"parents": [ours("gone"), theirs("gone"), ours("gw")]}
    found = merged(live, route(parent("gw")))
    assert [(each["parentRef"]["name"], each["controllerName"]) for each in found["parents"]] == [
        ("gw", US),
        ("gone", THEM),
    ]


def test_all_of_ours_go_when_nothing_is_said_any_more() -> None:
    live = {"parents": [ours("a"), theirs(), ours("b")]}
    assert merged(live, None) == {"parents": [theirs()]}
    assert merge({"parents": [theirs()]}, None, now=NOW, controller=US) is None
    assert merge({}, None, now=NOW, controller=US) is None
    live = {"conditions": [condition()], "listeners": []}
    assert merge(live, None, now=NOW, controller=US) is None


def test_ancestors_go_the_same_way() -> None:
    def ancestor(controller: str, name: str) -> dict[str, Any]:
        return {"ancestorRef": {"name": name}, "controllerName": controller, "conditions": [condition()]}

    live = {"ancestors": [ancestor(THEM, "gw"), ancestor(US, "gone")]}
    found = merged(live, policy(parent("gw")))
    assert [(each["controllerName"], each["ancestorRef"]["name"]) for each in found["ancestors"]] == [
        (THEM, "gw"),
        (US, "gw"),
    ]
    assert merged(live, None) == {"ancestors": [ancestor(THEM, "gw")]}


def test_a_reference_without_defaults_is_the_same_reference() -> None:
    live = {"parents": [{**ours(), "parentRef": {"name": "gw"}}]}
    found = merged(live, route(parent("gw")))
    assert found["parents"][0]["conditions"][0]["lastTransitionTime"] == OLD
    assert found["parents"][0]["parentRef"] == {"group": GROUP, "kind": "Gateway", "name": "gw"}


def test_sections_make_different_parents() -> None:
    live = {"parents": [ours("gw", sectionName="a"), ours("gw", sectionName="b")]}
    found = merged(live, route(parent("gw", NO, section="b"), parent("gw", section="a")))
    assert [
        (each["parentRef"]["sectionName"], each["conditions"][0]["lastTransitionTime"]) for each in found["parents"]
    ] == [("b", NOW), ("a", OLD)]


@pytest.mark.parametrize(
    "other", [{"group": ""}, {"kind": "Service"}, {"namespace": "infra"}, {"sectionName": "a"}, {"port": 80}]
)
def test_whatever_a_reference_says_makes_another_parent(other: dict[str, Any]) -> None:
    live = {"parents": [ours("gw", **other)]}
    assert merged(live, route(parent("gw"))) == {"parents": [ours("gw", condition(since=NOW))]}


@pytest.mark.parametrize(("foreign", "mine"), [(32, 0), (31, 1), (30, 2)])
def test_there_are_no_more_than_32_parents(foreign: int, mine: int) -> None:
    live = {"parents": [theirs(f"t{at}") for at in range(foreign)]}
    found = merge(live, route(parent("a"), parent("b"), parent("c")), now=NOW, controller=US)
    parents = (found or live)["parents"]
    assert len(parents) == 32
    assert [each["parentRef"]["name"] for each in parents[foreign:]] == ["a", "b"][:mine]


def test_there_are_no_more_than_16_ancestors() -> None:
    found = merged({}, policy(*(parent(f"g{at}") for at in range(20))))
    assert len(found["ancestors"]) == 16


# --- listeners -------------------------------------------------------------------------------------------------


def entry(name: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "supportedKinds": [{"group": GROUP, "kind": "HTTPRoute"}],
        "attachedRoutes": 3,
        "conditions": list(conditions),
    }


def test_listeners_that_are_gone_go_and_the_others_keep_their_times() -> None:
    live = {"listeners": [entry("gone", condition()), entry("http", condition())]}
    found = merged(live, gateway(listener("new"), listener("http", attached=3)))
    assert [(each["name"], each["conditions"][0]["lastTransitionTime"]) for each in found["listeners"]] == [
        ("new", NOW),
        ("http", OLD),
    ]


def test_others_conditions_of_a_listener_stay() -> None:
    foreign = condition("example.com/Checked", generation=1)
    found = merged({"listeners": [entry("http", foreign, condition())]}, gateway(listener("http")))
    assert found["listeners"][0]["conditions"] == [foreign, condition()]
    assert found["listeners"][0]["attachedRoutes"] == 0


def test_fields_that_we_do_not_know_stay() -> None:
    live = {"future": {"a": 1}, "listeners": [{**entry("http", condition()), "future": 2}]}
    found = merged(live, gateway(listener("http")))
    assert found["future"] == {"a": 1}
    assert found["listeners"][0]["future"] == 2


def test_addresses_are_all_ours() -> None:
    live = {"addresses": [{"type": "Hostname", "value": "old.example"}]}
    assert merged(live, gateway(listener()))["addresses"] == [{"type": "IPAddress", "value": "192.0.2.1"}]


def test_neither_argument_is_changed() -> None:
    live = {"parents": [theirs(), ours("gw", condition(state="False"))]}
    before = repr(live)
    merged(live, route(parent("gw", Verdict(type="Accepted", status=True, reason="Accepted", message="new"))))
    assert repr(live) == before
