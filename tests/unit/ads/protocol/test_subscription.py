"""What a client asks for, request by request."""

import pytest

from gatewayd.ads.protocol.subscription import UNCHANGED, ProtocolError, Subscription, SubscriptionChange
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ir.limits import NAME_LENGTH
from gatewayd.xds.resource import CLUSTER, ENDPOINT, TYPE_BY_URL, TypeUrl


def subscription(type_url: TypeUrl = CLUSTER) -> Subscription:
    return Subscription(TYPE_BY_URL[type_url], NamePool())


def test_first_delta_request_without_names_is_the_legacy_wildcard() -> None:
    it = subscription()
    assert it.update((), ()) == SubscriptionChange(asked=(), wildcard=True, narrowed=False)
    assert it.covers("anything")
    assert it.update((), ()) is UNCHANGED  # an ACK


def test_a_type_without_wildcard_needs_names() -> None:
    it = subscription(ENDPOINT)
    assert it.update((), ()) is UNCHANGED
    assert not it.covers("a")


def test_the_wildcard_goes_on_beside_names_until_it_is_unsubscribed() -> None:
    it = subscription()
    it.update((), ())
    assert it.update(("A",), ()) == SubscriptionChange(asked=("A",), wildcard=False, narrowed=False)
    assert it.covers("B")
    assert it.update((), ("*",)) == SubscriptionChange(asked=(), wildcard=False, narrowed=True)
    assert (it.covers("A"), it.covers("B")) == (True, False)
    it.update((), ("A",))
    it.update((), ())
    assert not it.covers("A")


def test_a_known_name_is_asked_for_again() -> None:
    it = subscription(ENDPOINT)
    it.update(("a",), ())
    assert it.update(("a",), ()).asked == ("a",)


def test_the_explicit_wildcard_is_asked_for_again() -> None:
    it = subscription()
    assert it.update(("*",), ()).wildcard
    assert it.update(("*",), ()).wildcard


def test_unsubscribing_a_name_under_the_wildcard_is_answered() -> None:
    it = subscription()
    it.update(("*", "A"), ())
    assert it.update((), ("A",)) == SubscriptionChange(asked=("A",), wildcard=False, narrowed=False)
    assert it.update((), ("A",)) == SubscriptionChange(asked=(), wildcard=False, narrowed=False)


def test_phantom_names_are_ignored() -> None:
    it = subscription(ENDPOINT)
    it.update(("a",), ())
    assert it.update((), ("b",)) == SubscriptionChange(asked=(), wildcard=False, narrowed=False)


def test_sotw_follows_the_example_of_the_specification() -> None:
    it = subscription()
    assert it.replace(()).wildcard
    assert it.replace(("*", "A")) == SubscriptionChange(asked=("A",), wildcard=False, narrowed=False)
    assert it.covers("B")
    assert it.replace(("A",)).narrowed
    assert (it.covers("A"), it.covers("B")) == (True, False)
    assert it.replace(()).narrowed
    assert not it.covers("A")


def test_sotw_asks_only_for_what_is_new() -> None:
    it = subscription(ENDPOINT)
    it.replace(("a", "b"))
    assert it.replace(("a", "b")) is UNCHANGED
    assert it.replace(("b", "c")) == SubscriptionChange(asked=("c",), wildcard=False, narrowed=True)


def test_a_star_is_a_name_where_there_is_no_wildcard() -> None:
    it = subscription(ENDPOINT)
    assert it.update(("*",), ()).asked == ("*",)
    assert not it.covers("a")


def test_a_name_that_is_too_long_breaks_the_protocol() -> None:
    with pytest.raises(ProtocolError, match=r"^resource_names_subscribe: a name of more than"):
        subscription().update(("a" * (NAME_LENGTH + 1),), ())
    # However short those beside it are; and one that is just as long as may be is none.
    for asked in (("a", "b" * (NAME_LENGTH + 1)), ("b" * (NAME_LENGTH + 1), "a")):
        with pytest.raises(ProtocolError, match=r"^resource_names_subscribe: "):
            subscription().update(asked, ())
        with pytest.raises(ProtocolError, match=r"^resource_names_subscribe: "):
            subscription().replace(asked)
    longest = "a" * NAME_LENGTH
    assert subscription(ENDPOINT).update((longest,), ()).asked == (longest,)
