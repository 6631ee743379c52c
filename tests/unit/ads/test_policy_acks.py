"""Which policies the streams of a fleet have all taken: who counts, from when on, and what they have in common."""

from gatewayd.ads.policy_acks import NEW_SECONDS, PolicyAcks
from gatewayd.ads.protocol.taken import NOTHING_TAKEN, TakenPolicies
from gatewayd.ir.carriers import Policies, PolicyCarrier, PolicyGeneration


def policies(**generations: int) -> Policies:
    """Name policies by what brings them: an access policy begins with an a, a policy of backends with a b."""
    return tuple(
        PolicyGeneration(PolicyCarrier.BACKENDS if name.startswith("b") else PolicyCarrier.ROUTES, name, generation)
        for name, generation in sorted(generations.items())
    )


def whole(made_of: Policies) -> TakenPolicies:
    return TakenPolicies(made_of, made_of, made_of)


OLD = policies(a=1, b=1)
NEW = policies(a=2, b=1, c=1)


def test_nobody_has_anything() -> None:
    acks = PolicyAcks()
    assert acks.held() is None
    acks.joined("s")
    assert acks.held() is None


def test_it_counts_what_all_have() -> None:
    acks = PolicyAcks()
    for stream in ("s", "t"):
        acks.joined(stream)
        assert acks.took(stream, whole(OLD))
    assert acks.held() == {"a": 1, "b": 1}
    acks.took("s", whole(NEW))
    assert acks.held() == {"a": 1, "b": 1}
    acks.took("t", whole(NEW))
    assert acks.held() == {"a": 2, "b": 1, "c": 1}
    assert acks.held() is acks.held()  # it is made once, however many ask


def test_each_policy_counts_by_what_brings_it() -> None:
    acks = PolicyAcks()
    acks.joined("s")
    acks.took("s", whole(OLD))
    newer = policies(a=2, b=2)
    acks.took("s", TakenPolicies(OLD, newer, OLD))
    assert acks.held() == {"a": 1, "b": 2}


def test_who_has_just_come_takes_nothing_back() -> None:
    acks = PolicyAcks()
    acks.joined("s")
    acks.took("s", whole(OLD))
    acks.joined("t")
    assert not acks.took("t", TakenPolicies(None, OLD, None))
    assert acks.held() == {"a": 1, "b": 1}
    acks.took("t", whole(OLD))
    assert acks.held() == {"a": 1, "b": 1}


def test_who_is_new_for_too_long_has_what_it_has() -> None:
    acks = PolicyAcks()
    for stream in ("s", "t"):
        acks.joined(stream)
    acks.took("s", whole(OLD))
    acks.took("t", TakenPolicies(None, OLD, None))
    assert not acks.sweep(100.0)
    assert not acks.sweep(99.0 + NEW_SECONDS)
    assert acks.held() == {"a": 1, "b": 1}
    assert acks.sweep(100.0 + NEW_SECONDS)
    assert acks.held() == {"b": 1}
    assert not acks.sweep(200.0)
    acks.took("t", whole(OLD))
    assert acks.held() == {"a": 1, "b": 1}
    acks.left("t")
    assert acks.held() == {"a": 1, "b": 1}


def test_who_leaves_counts_no_more() -> None:
    acks = PolicyAcks()
    for stream in ("s", "t", "u"):
        acks.joined(stream)
    acks.took("s", whole(OLD))
    acks.took("t", whole(NEW))
    acks.left("u")
    acks.left("s")
    assert acks.held() == {"a": 2, "b": 1, "c": 1}
    acks.left("t")
    assert acks.held() is None
    assert not acks._kinds


def test_nothing_is_mistaken_for_what_has_gone() -> None:
    """What is told apart by identity is kept for as long as it is compared with."""
    acks = PolicyAcks()
    for generation in range(1, 50):
        acks.joined("s")
        acks.took("s", whole(policies(a=generation)))
        assert acks.held() == {"a": generation}
        acks.left("s")
        assert acks.held() is None


def test_a_stream_that_has_nothing_of_it_is_not_whole() -> None:
    assert not NOTHING_TAKEN.is_whole
    assert not TakenPolicies((), (), None).is_whole
    assert whole(()).is_whole
