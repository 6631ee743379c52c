"""Small histories written by hand: for each guarantee what keeps it, and what breaks it."""

import pytest

from conformance.history.answers import unhindered
from conformance.history.events import (
    Answer,
    Asked,
    Happened,
    Has,
    Hindrance,
    Item,
    Mistake,
    Opened,
    Replied,
    Right,
    Sample,
    Sent,
    Write,
    in_order,
)
from conformance.history.guarantees import breaches, guarantees

OWNERS = {"word-of-a": "shop/a", "word-of-b": "shop/b"}
CLUSTER = ("CDS", "shop/new/80/http1")
ENDPOINTS = ("EDS", "shop/new/80/http1")


def broken(*events: Happened) -> dict[int, list[str]]:
    found = breaches(in_order(events), OWNERS)
    return {each.number: [breach.what for breach in what] for each, what in found.items() if what}


# --- answers ---------------------------------------------------------------------------------------------------------


def right(at: float, *answers: str, revoked: str = "") -> Right:
    return Right(at=at, target="r.example/", answers=answers, revoked=revoked)


def answer(at: float, said: str, connection: str = "c") -> Answer:
    return Answer(at=at, began=at - 0.01, connection=connection, target="r.example/", said=said)


def test_answers_that_change_once_and_in_time_break_nothing() -> None:
    assert broken(right(0, "v1"), answer(1, "v1"), right(2, "v2"), answer(2.5, "v1"), answer(3, "v2")) == {}


def test_an_old_answer_that_stays_breaks_convergence() -> None:
    assert [*broken(right(0, "v1"), right(1, "v2"), answer(20, "v1"))] == [1]


def test_an_old_answer_is_waited_for_until_after_what_hindered() -> None:
    hindrance = Hindrance(at=2, ended=15, what="kill")
    assert broken(right(0, "v1"), right(1, "v2"), hindrance, answer(20, "v1"), answer(26, "v2")) == {}
    assert [*broken(right(0, "v1"), right(1, "v2"), hindrance, answer(26, "v1"))] == [1]


@pytest.mark.parametrize("said", ["503", "", "200 other backend"])
def test_an_answer_that_was_never_right_breaks_make_before_break(said: str) -> None:
    assert [*broken(right(0, "v1"), answer(1, said))] == [2]


def test_changes_are_counted_that_nothing_hindered() -> None:
    events = (right(0, "v1"), right(10, "v2", revoked="x"), Hindrance(at=30, ended=40, what="kill"), right(33, "v3"))
    assert unhindered(in_order(events)) == (2, 1)


def test_an_answer_that_will_be_right_later_is_wrong_before() -> None:
    assert [*broken(right(0, "v1"), answer(1, "v2"), right(2, "v2"))] == [2]


def test_a_replica_that_catches_up_is_excused_for_what_it_does_not_know_alone() -> None:
    deaf = Hindrance(at=1, ended=2, what="cut", deaf=True)
    assert broken(right(0, "v1"), deaf, answer(2.5, "500")) == {}
    assert [*broken(right(0, "v1"), deaf, answer(2.5, ""))] == [2]
    assert [*broken(right(0, "v1"), deaf, answer(2.5, "200 other backend"))] == [2]
    assert [*broken(right(0, "v1"), deaf, answer(9, "500"))] == [2]
    assert [*broken(right(0, "v1"), Hindrance(at=1, ended=2, what="cut"), answer(2.5, "500"))] == [2]


def test_the_old_after_the_new_on_one_connection_breaks_never_back() -> None:
    events = (right(0, "v1"), right(1, "v2"), answer(1.5, "v2"))
    assert broken(*events, answer(1.6, "v1", "another")) == {}
    assert [*broken(*events, answer(1.6, "v1"))] == [7]


def test_what_is_right_again_is_not_old() -> None:
    assert broken(right(0, "v1"), right(1, "v2"), answer(1.1, "v2"), right(2, "v1"), answer(2.1, "v1")) == {}


def deletion(at: float) -> Write:
    return Write(at=at, began=at, who="admin", verb="delete", subject="referencegrants store/g", code=200)


def test_what_is_let_through_after_a_second_breaks_revocation() -> None:
    events = (right(0, "v1"), right(1, "500", revoked="referencegrants store/g"), deletion(1.5))
    assert broken(*events, answer(2.4, "v1"), answer(2.6, "500")) == {}
    assert [*broken(*events, answer(2.6, "v1"))] == [8]


def test_a_revocation_that_was_not_written_proves_nothing() -> None:
    assert [*broken(right(0, "v1"), right(1, "500", revoked="referencegrants store/g"))] == [8]


# --- streams ---------------------------------------------------------------------------------------------------------


def opened(at: float = 0, stream: int = 1, gateway: str = "shop/a") -> Opened:
    return Opened(at=at, stream=stream, gateway=gateway)


def sent(at: float, key: tuple[str, str], version: str = "1", stream: int = 1, **more: object) -> Sent:
    item = Item(name=key[1], version=version, **more)  # type: ignore[arg-type]
    return Sent(at=at, stream=stream, kind=key[0], nonce=f"{at}", items=(item,))


def took(at: float, response: Sent, refused: str = "") -> Replied:
    return Replied(at=at, stream=response.stream, kind=response.kind, nonce=response.nonce, refused=refused)


NEW_CLUSTER = sent(1, CLUSTER, needs=(ENDPOINTS,))
NEW_ENDPOINTS = sent(3, ENDPOINTS)
MADE = (opened(), NEW_CLUSTER, took(2, NEW_CLUSTER), NEW_ENDPOINTS, took(4, NEW_ENDPOINTS))
ROUTED = sent(5, ("RDS", "80"), needs=(CLUSTER,))


def test_a_route_after_its_cluster_and_endpoints_breaks_nothing() -> None:
    assert broken(*MADE, ROUTED) == {}


def test_a_route_before_its_cluster_or_its_endpoints_breaks_make_before_break() -> None:
    assert [*broken(opened(), ROUTED)] == [2]
    assert [*broken(*MADE[:4], ROUTED)] == [2]


def test_what_waits_for_longer_than_the_gate_lets_go() -> None:
    assert broken(*MADE[:4], sent(14, ("RDS", "80"), needs=(CLUSTER,))) == {}


def test_a_cluster_that_was_refused_holds_nobody() -> None:
    assert broken(opened(), NEW_CLUSTER, took(2, NEW_CLUSTER, "bad"), ROUTED) == {}


def test_a_proxy_that_brings_its_cluster_along_has_it() -> None:
    again = (
        opened(10, 2),
        Asked(at=11, stream=2, kind="CDS", has=((CLUSTER[1], "1"),)),
        Asked(at=11, stream=2, kind="EDS", names=(ENDPOINTS[1],), has=((ENDPOINTS[1], "1"),)),
        sent(12, ("RDS", "80"), "2", 2, needs=(CLUSTER,)),
    )
    assert broken(*MADE, *again) == {}


def test_a_cluster_that_goes_before_its_route_breaks_make_before_break() -> None:
    gone = Sent(at=8, stream=1, kind="CDS", nonce="8", removed=(CLUSTER[1],))
    without = sent(6, ("RDS", "80"), "2")
    assert [*broken(*MADE, ROUTED, took(5.5, ROUTED), gone)] == [2]
    assert [*broken(*MADE, ROUTED, took(5.5, ROUTED), without, gone)] == [2]
    assert broken(*MADE, ROUTED, took(5.5, ROUTED), without, took(7, without), gone) == {}


def test_what_a_proxy_has_and_did_not_ask_for_breaks_nothing_again() -> None:
    assert [*broken(*MADE, sent(5, CLUSTER, needs=(ENDPOINTS,)))] == [3]
    assert broken(*MADE, sent(5, CLUSTER, "2", needs=(ENDPOINTS,))) == {}
    assert broken(*MADE, Asked(at=4.5, stream=1, kind="EDS", names=(ENDPOINTS[1],)), sent(5, ENDPOINTS)) == {}


def test_endpoints_follow_a_cluster_that_has_changed() -> None:
    assert broken(*MADE, sent(5, CLUSTER, "2", needs=(ENDPOINTS,)), sent(6, ENDPOINTS)) == {}
    assert [*broken(*MADE, sent(5, ENDPOINTS))] == [3]


def test_a_word_of_another_gateway_breaks_nothing_of_another_gateways() -> None:
    assert broken(opened(), sent(1, ("SDS", "s"), words=("word-of-a",))) == {}
    assert [*broken(opened(), sent(1, ("SDS", "s"), words=("word-of-b",)))] == [12]


# --- writes ----------------------------------------------------------------------------------------------------------


def write(at: float, who: str, subject: str, body: dict[str, object] | None = None, *, took: float = 0.1) -> Write:
    return Write(at=at, began=at - took, who=who, verb="patch", subject=subject, code=200, body=body or {})


def lease(at: float, holder: str) -> Write:
    return write(
        at, f"replica {holder}", "leases gatewayd-system/gatewayd-leader", {"spec": {"holderIdentity": holder}}
    )


ROUTE = "httproutes/status shop/r"


def test_one_after_the_other_with_the_lease_breaks_nothing() -> None:
    assert broken(lease(1, "x"), write(2, "replica x", ROUTE), lease(3, "y"), write(4, "replica y", ROUTE)) == {}


def test_a_write_without_the_lease_breaks_one_writer() -> None:
    assert [*broken(lease(1, "x"), write(2, "replica y", ROUTE))] == [6]
    assert [*broken(lease(1, "x"), lease(3, "y"), write(4, "replica x", ROUTE))] == [6]


def test_a_write_that_still_goes_on_when_the_next_one_begins_breaks_one_writer() -> None:
    events = (lease(1, "x"), write(5, "replica x", ROUTE, took=3.5), lease(2, "y"), write(3, "replica y", ROUTE))
    assert [*broken(*events)] == [6]


def test_every_replica_may_tell_of_its_own_proxies() -> None:
    assert broken(lease(1, "x"), write(2, "replica y", "configmaps gatewayd-system/gatewayd-fleet-y")) == {}


def status(kind: str, value: str, generation: int, **metadata: object) -> dict[str, object]:
    condition = {"type": kind, "status": value, "observedGeneration": generation}
    return {"metadata": {"generation": generation, **metadata}, "status": {"conditions": [condition]}}


def test_a_mistake_that_is_not_told_breaks_isolation() -> None:
    mistake = Mistake(at=1, ended=30, subject="httproutes shop/r")
    late = Answer(at=31, began=31, connection="c", target="t", said="x")
    ok = (lease(0, "x"), Right(at=0, target="t", answers=("x",)), late)
    assert [*broken(*ok, mistake)] == [4]
    assert broken(*ok, mistake, write(2, "replica x", ROUTE, status("Accepted", "False", 1))) == {}


def test_a_condition_of_an_unedited_object_that_turns_bad_beside_a_mistake_breaks_isolation() -> None:
    events = (
        lease(0, "x"),
        write(1, "replica x", "httproutes/status shop/other", status("Accepted", "True", 1)),
        Mistake(at=2, ended=4, subject="httproutes shop/r"),
    )
    worse = write(3, "replica x", "httproutes/status shop/other", status("Accepted", "False", 1))
    assert [*broken(*events, worse)] == [4]
    edited = write(3, "replica x", "httproutes/status shop/other", status("Accepted", "False", 2))
    assert broken(*events, edited) == {}


GATEWAY = {"metadata": {"generation": 2}, "spec": {"listeners": [{"name": "x", "protocol": "HTTP", "port": 80}]}}
PROGRAMMED = write(3, "replica x", "gateways/status shop/a", status("Programmed", "True", 2))
PROGRAMMED.body["status"]["listeners"] = [{"name": "x", **PROGRAMMED.body["status"]}]
LISTENER = sent(1.5, ("LDS", "tcp-80"))


def test_programmed_before_the_acknowledgement_breaks_programmed() -> None:
    before = (lease(0, "x"), opened(), write(1, "admin", "gateways shop/a", GATEWAY), LISTENER)
    assert broken(*before, took(2, LISTENER), PROGRAMMED) == {}
    assert [*broken(*before, PROGRAMMED)] == [5]
    assert [*broken(*before, took(2, LISTENER, "refused"), PROGRAMMED)] == [5]


def test_programmed_that_does_not_come_breaks_programmed() -> None:
    before = (lease(0, "x"), write(1, "admin", "gateways shop/a", GATEWAY))
    assert [*broken(*before, Hindrance(at=40, ended=41, what="kill"))] == [5]
    assert broken(*before, Hindrance(at=9, ended=10, what="kill")) == {}


def noted(at: float, who: str, value: str) -> Write:
    return write(at, who, "deployments shop/d", {"metadata": {"annotations": {"note": value}}})


def test_what_others_wrote_and_a_replica_changed_breaks_others_bytes() -> None:
    assert broken(lease(0, "x"), noted(1, "admin", "1"), noted(2, "replica x", "1")) == {}
    assert broken(lease(0, "x"), noted(1, "admin", "1"), noted(2, "admin", "2"), noted(3, "replica x", "2")) == {}
    assert [*broken(lease(0, "x"), noted(1, "admin", "1"), noted(2, "replica x", "2"))] == [9]


def test_writes_that_cross_count_in_the_order_in_which_they_took_effect() -> None:
    ours, theirs = noted(3, "replica x", "1"), noted(2, "admin", "2")
    for write_of, version in ((ours, "7"), (theirs, "8")):
        write_of.body["metadata"]["resourceVersion"] = version
    first = noted(1, "admin", "1")
    first.body["metadata"]["resourceVersion"] = "6"
    assert broken(lease(0, "x"), first, theirs, ours) == {}


def parents(at: float, who: str, *entries: str) -> Write:
    found = [{"controllerName": name, "parentRef": {"name": "g"}, "conditions": []} for name in entries]
    return write(at, who, ROUTE, {"metadata": {}, "status": {"parents": found}})


def test_an_entry_of_another_controller_that_goes_breaks_others_bytes() -> None:
    both = ("other.example/c", "gatewayd.io/controller")
    assert broken(lease(0, "x"), parents(1, "admin", *both), parents(2, "replica x", *both)) == {}
    assert [*broken(lease(0, "x"), parents(1, "admin", *both), parents(2, "replica x", both[1]))] == [9]


# --- quiet points ----------------------------------------------------------------------------------------------------


def has(role: str, whose: str, *resources: tuple[str, str, str]) -> Has:
    return Has(at=1, quiet=0, role=role, whose=whose, gateway="shop/a", resources=resources)


A, B, S = ("CDS", "c", "1"), ("CDS", "c", "2"), ("SDS", "s", "1")


def test_replicas_and_proxies_that_have_the_same_break_nothing() -> None:
    assert broken(has("replica", "x", A, S), has("replica", "y", A, S), has("proxy", "e", A)) == {}


def test_replicas_that_differ_break_equal_replicas() -> None:
    assert [*broken(has("replica", "x", A), has("replica", "y", B))] == [10]
    assert [*broken(has("replica", "x", A, S), has("replica", "y", A))] == [10]


def test_a_proxy_that_has_something_else_breaks_convergence() -> None:
    assert [*broken(has("replica", "x", A), has("proxy", "e", B))] == [1]


def test_descriptors_that_grow_break_bounded_state() -> None:
    def sample(quiet: int, count: float) -> Sample:
        return Sample(at=quiet, quiet=quiet, whose="x 1", figures={"descriptors": count})

    assert broken(sample(0, 40), sample(1, 45)) == {}
    assert [*broken(sample(0, 40), sample(1, 90))] == [11]


def test_every_guarantee_is_broken_by_some_history_here() -> None:
    assert [each.number for each in guarantees(OWNERS)] == list(range(1, 13))


def test_a_condition_that_a_revocation_turns_bad_is_nobodys_mistake() -> None:
    events = (
        lease(0, "x"),
        write(1, "replica x", "httproutes/status shop/other", status("ResolvedRefs", "True", 1)),
        Mistake(at=2, ended=4, subject="httproutes shop/r"),
        deletion(2.5),
    )
    assert (
        broken(*events, write(3, "replica x", "httproutes/status shop/other", status("ResolvedRefs", "False", 1))) == {}
    )


def test_a_listener_may_come_before_its_certificate() -> None:
    assert broken(opened(), sent(1, ("LDS", "tcp-443"), needs=(("SDS", "certificate/shop/site"), ("RDS", "443")))) == {}
