"""What one client has of one type, move by move."""

from gatewayd.ads.protocol.held import UNKNOWN, Unsure
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.subscription import SubscriptionChange
from gatewayd.ads.sharing.comparisons import Versions, differing
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.xds.resource import CLUSTER, ENDPOINT, TYPE_BY_URL, Resources, TypeUrl, resource

LISTED = "Error adding/updating cluster(s) "


def declare(ledger: Ledger, versions: dict[str, str]) -> None:
    ledger.declare(versions, {name: item.version for name, item in ledger.target.items()})


def resources(type_url: TypeUrl = CLUSTER, **bodies: str) -> Resources:
    return {name: resource(type_url, name, body.encode()) for name, body in bodies.items()}


def aim(ledger: Ledger, **bodies: str) -> None:
    target = resources(ledger.row.url, **bodies)
    ledger.retarget(target, differing(ledger.target, target))


def ledger(type_url: TypeUrl = CLUSTER, **bodies: str) -> Ledger:
    """Return a ledger of a client that wants everything and was sent nothing."""
    it = Ledger(TYPE_BY_URL[type_url], NamePool(), Versions())
    aim(it, **bodies)
    it.subscription.wildcard = True
    it.subscribe(SubscriptionChange(asked=(), wildcard=True, narrowed=False))
    return it


def asked_by_name(*names: str, **bodies: str) -> Ledger:
    it = Ledger(TYPE_BY_URL[ENDPOINT], NamePool(), Versions())
    aim(it, **bodies)
    it.subscribe(it.subscription.update(names, ()))
    return it


def send(it: Ledger) -> list[str]:
    """Send everything that is pending; return its names."""
    names = it.group((*it.makes(), *it.removals(), *it.absences()))
    it.depart("nonce", names)
    return sorted(names)


def in_sync(type_url: TypeUrl = CLUSTER, **bodies: str) -> Ledger:
    it = ledger(type_url, **bodies)
    send(it)
    it.ack()
    return it


def test_what_is_acked_is_not_sent_again() -> None:
    it = ledger(a="1", b="1")
    assert send(it) == ["a", "b"]
    assert not it.is_settled()
    it.ack()
    assert (it.is_settled(), it.is_waiting()) == (True, False)


def test_only_what_changes_is_sent() -> None:
    it = in_sync(a="1", b="1", c="1")
    aim(it, a="1", b="2", d="1")
    assert (sorted(it.makes()), it.removals()) == (["b", "d"], ["c"])


def test_latest_wins_while_a_response_is_unanswered() -> None:
    it = ledger(a="1")
    send(it)
    aim(it, a="2")
    aim(it, a="3")
    assert not it.is_waiting()
    it.ack()
    assert send(it) == ["a"]
    assert it.flight is not None
    sent = it.flight.target["a"]
    assert sent.body == b"3"


def test_back_to_what_is_in_flight_sends_nothing() -> None:
    it = ledger(a="1")
    send(it)
    aim(it, a="2")
    aim(it, a="1")
    it.ack()
    assert it.is_settled()


def test_a_resource_that_was_never_sent_needs_no_removal() -> None:
    it = in_sync()
    aim(it, a="1")
    aim(it)
    assert it.is_settled()


def test_declared_versions_are_believed() -> None:
    it = ledger(a="1", b="2")
    declare(it, {"a": resource(CLUSTER, "a", b"1").version, "b": "old", "gone": "old"})
    assert (it.makes(), it.removals(), it.greeting) == (["b"], ["gone"], False)
    assert it.has("a", it.target["a"].version)


def test_declared_versions_wait_for_the_first_snapshot() -> None:
    it = ledger()
    declare(it, {"a": resource(CLUSTER, "a", b"1").version, "gone": "old"})
    aim(it, a="1", b="1")
    assert (it.makes(), it.removals()) == (["b"], ["gone"])


def test_what_is_not_declared_is_sent_and_what_is_of_nobody_here_is_passed_over() -> None:
    it = ledger(a="1", b="1")
    declare(it, {"a": it.target["a"].version})
    assert (it.makes(), it.removals()) == (["b"], [])
    named = asked_by_name("a", a="1")
    declare(named, {"a": named.target["a"].version, "stranger": "1"})
    assert named.is_settled()


def test_what_was_held_back_goes_unless_it_is_wanted_again_or_nobodys() -> None:
    it = asked_by_name("a", "b", a="1", b="1")
    held = dict(it.target)
    aim(it, a="1")
    it.drop(held)
    it.expect_gone({**held, "stranger": held["a"]})
    assert it.behind == {"b": held["b"]}


def test_asking_again_is_answered_although_nothing_changed() -> None:
    it = in_sync(ENDPOINT, a="1")
    it.subscribe(SubscriptionChange(asked=("a", "missing"), wildcard=False, narrowed=False))
    assert (it.makes(), it.absences()) == (["a"], ["missing"])
    assert it.held("a") is UNKNOWN


def test_asking_again_in_flight_is_answered_after_it() -> None:
    it = ledger(ENDPOINT, a="1")
    send(it)
    it.subscribe(SubscriptionChange(asked=("a",), wildcard=False, narrowed=False))
    it.ack()
    assert it.makes() == ["a"]


def test_narrowing_forgets_what_is_no_longer_wanted() -> None:
    it = ledger(a="1", b="1")
    it.subscription.wildcard = False
    it.subscription.update(("a",), ())
    it.subscribe(SubscriptionChange(asked=(), wildcard=False, narrowed=True))
    assert it.makes() == ["a"]


def test_what_was_asked_for_again_in_flight_is_sent_although_it_was_refused() -> None:
    it = in_sync(ENDPOINT, a="1")
    aim(it, a="2")
    send(it)
    it.subscribe(SubscriptionChange(asked=("a",), wildcard=False, narrowed=False))
    it.nack("no")
    assert (it.makes(), it.refused) == (["a"], {})


def test_what_nobody_wants_any_more_is_neither_refused_nor_owed() -> None:
    it = asked_by_name("a", "b", a="1", b="1")
    send(it)
    it.subscribe(it.subscription.replace(("b",)))
    it.nack("no")
    assert (it.makes(), it.removals(), it.refused) == (["b"], [], {})
    send(it)
    it.nack("no")
    assert [name for name, _ in it.own_refusals()] == ["b"]
    it.subscribe(it.subscription.replace(("a",)))
    assert list(it.own_refusals()) == []


def test_listed_culprits_wait_for_new_content_and_the_rest_is_sent_once_more() -> None:
    it = in_sync(bad="1")
    aim(it, bad="2", good="1")
    send(it)
    it.nack(LISTED + "bad: no")
    assert it.held("bad") == resource(CLUSTER, "bad", b"1")
    assert it.refused["bad"].message == LISTED + "bad: no"
    assert send(it) == ["good"]
    it.ack()
    assert it.is_settled()
    assert send(it) == []
    it.ack()
    aim(it, bad="3", good="1")
    assert (send(it), it.refused) == (["bad"], {})


def test_refusals_come_by_name_whichever_came_first() -> None:
    it = in_sync()
    for names in ("b",), ("b", "a"):
        aim(it, **dict.fromkeys(names, "1"))
        send(it)
        it.nack(LISTED + f"{names[-1]}: no")
    assert [name for name, _ in it.own_refusals()] == ["a", "b"]


def test_going_back_to_the_last_good_content_sends_nothing() -> None:
    it = in_sync(a="1")
    aim(it, a="2")
    send(it)
    it.nack("no")
    aim(it, a="1")
    assert (it.is_settled(), it.refused, it.behind) == (True, {}, {})


def test_a_refusal_of_what_is_no_longer_wanted_is_forgotten() -> None:
    it = ledger(a="1")
    send(it)
    aim(it, a="2")
    it.nack("no")
    assert it.refused == {}
    assert send(it) == ["a"]


def test_without_a_culprit_halves_are_sent_until_it_stands_alone() -> None:
    names = [f"n{number}" for number in range(16)]
    it = ledger(ENDPOINT, **dict.fromkeys(names, "1"))
    refusals = rounds = 0
    while it.is_waiting() and rounds < 100:
        rounds += 1
        if "n11" in send(it):
            it.nack("no")
            refusals += 1
        else:
            it.ack()
        if it.is_settled():
            break
    assert set(it.refused) == {"n11"}
    assert refusals == 5
    assert all(it.has(name, it.target[name].version) for name in names if name != "n11")


def test_what_was_asked_for_again_is_owed_although_the_answer_was_refused() -> None:
    it = in_sync(ENDPOINT, a="1", b="1")
    it.subscribe(SubscriptionChange(asked=("a", "b"), wildcard=False, narrowed=False))
    assert send(it) == ["a", "b"]
    it.nack("no")
    aim(it, b="1")
    assert it.absences() == ["a"]


def test_a_refused_removal_counts_as_done() -> None:
    it = in_sync(a="1")
    aim(it)
    send(it)
    it.nack("no")
    assert it.is_settled()


def test_what_a_refused_response_may_have_applied_is_removed_when_it_goes() -> None:
    it = ledger(bad="1", good="1")
    send(it)
    aim(it)
    it.nack(LISTED + "bad: no")
    assert it.removals() == ["good", "bad"] or sorted(it.removals()) == ["bad", "good"]


def test_of_a_refused_response_the_good_is_likely_applied_where_the_bad_is_named() -> None:
    named, nameless = in_sync(bad="1", good="1", well="1"), in_sync(bad="1", good="1", well="1")
    for it, words, likely in ((named, LISTED + "bad: no", b"2"), (nameless, "no", b"1")):
        aim(it, bad="2", good="2", well="2")
        send(it)
        it.nack(words)
        assert {each.name: each.body for each in it.effective(())}["good"] == likely
    # Another refusal without a name says nothing new of it.
    aim(named, bad="2", good="3", well="3")
    assert send(named) == ["good", "well"]
    named.nack("no")
    assert {each.name: each.body for each in named.effective(())}["good"] == b"2"


def test_unsure_names_count_as_what_was_likely_applied() -> None:
    it = ledger(bad="1", good="1")
    declare(it, {})
    send(it)
    it.nack(LISTED + "bad: no")
    good = it.target["good"]
    assert it.behind["good"] == Unsure(likely=good)
    assert it.effective(()) == [good]


def test_effective_state_keeps_what_may_not_change_yet() -> None:
    it = in_sync(a="1", gone="1")
    aim(it, a="2", new="1")
    assert [item.body for item in it.effective(("new",))] == [b"1", b"1", b"1"]
    assert [item.name for item in it.effective(("new", "gone"))] == ["a", "new"]


def test_refresh_needs_a_subscription() -> None:
    it = Ledger(TYPE_BY_URL[ENDPOINT], NamePool(), Versions())
    it.refresh(("a",))
    assert not it.is_waiting()
    it.subscription.update(("a",), ())
    it.refresh(("a",))
    assert it.absences() == ["a"]


def test_an_empty_first_answer_is_owed_to_a_wildcard_that_declares_nothing() -> None:
    it = ledger()
    assert it.is_waiting()
    it.depart("nonce", ())
    it.ack()
    assert not it.is_waiting()
