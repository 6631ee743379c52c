"""Who holds what: as each ledger says for itself, however many are counted together."""

import pytest

from gatewayd.ads.holders import holder_count
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.xds.resource import ROUTE, TYPE_BY_URL, Resources, resource

OLD: Resources = {name: resource(ROUTE, name, b"1") for name in "abc"}
NEW: Resources = {**OLD, "b": resource(ROUTE, "b", b"2")}


def ledger(pool: NamePool, *asked: str) -> Ledger:
    """Return the ledger of a proxy that has ACKed all that it asked for of the old ones."""
    made = Ledger(TYPE_BY_URL[ROUTE], pool, Versions())
    made.subscribe(made.subscription.update(asked, ()))
    made.retarget(OLD, OLD)
    made.depart("1", list(made.behind))
    made.ack()
    return made


def counts(ledgers: list[Ledger], published: Resources) -> dict[str, int]:
    count = holder_count(ledgers, published)
    found = {name: count(name) for name in ("a", "b", "c", "none")}
    assert found == {
        name: sum(each.has(name, published[name].version) for each in ledgers) if name in published else 0
        for name in found
    }
    return found


def test_those_that_have_everything_are_counted_by_what_they_ask_for() -> None:
    pool = NamePool()
    ledgers = [ledger(pool, "a", "b"), ledger(pool, "b", "a"), ledger(pool, "c")]
    assert counts(ledgers, OLD) == {"a": 2, "b": 2, "c": 1, "none": 0}


@pytest.mark.parametrize("is_sent", [False, True])
def test_who_has_yet_to_take_a_change_holds_the_rest(is_sent: bool) -> None:  # noqa: FBT001
    pool = NamePool()
    behind, done = ledger(pool, "a", "b"), ledger(pool, "a", "b")
    for each in (behind, done):
        each.retarget(NEW, ["b"])
    done.depart("2", ["b"])
    done.ack()
    if is_sent:
        behind.depart("2", ["b"])
    assert counts([behind, done], NEW) == {"a": 2, "b": 1, "c": 0, "none": 0}


def test_who_does_not_know_of_the_change_yet_holds_what_is_as_it_was() -> None:
    assert counts([ledger(NamePool(), "a", "b")], NEW) == {"a": 1, "b": 0, "c": 0, "none": 0}
