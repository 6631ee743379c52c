"""Sets of resources compared and joined."""

import pytest

from gatewayd.ads.sharing.comparisons import PairMemo, Versions, differing, joined
from gatewayd.xds.resource import ENDPOINT, Resource, Resources, resource
from gatewayd.xds.resource_map import NOTHING, ResourceMap


def resources(**bodies: str) -> Resources:
    return {name: resource(ENDPOINT, name, body.encode()) for name, body in bodies.items()}


def bodies(found: Resources) -> dict[str, str]:
    return {name: item.body.decode() for name, item in found.items()}


def test_differing_names_are_changed_new_and_gone() -> None:
    assert differing(resources(a="1", b="1", c="1"), resources(b="1", c="2", d="1")) == ("a", "c", "d")


@pytest.mark.parametrize("nothing", [{}, NOTHING], ids=["dict", "ResourceMap"])
def test_differing_names_come_sorted_whatever_kind_of_set_has_them(nothing: Resources) -> None:
    names = tuple(f"n{number:02}" for number in range(40))
    backwards = resources(**dict.fromkeys(reversed(names), "1"))
    new = nothing.replaced(backwards) if isinstance(nothing, ResourceMap) else backwards
    assert differing(nothing, new) == names


def test_equal_versions_do_not_differ() -> None:
    assert differing(resources(a="1"), resources(a="1")) == ()


def test_joined_keeps_what_only_the_old_one_has() -> None:
    assert bodies(joined(resources(b="1", c="1"), resources(a="2", c="2"))) == {"a": "2", "b": "1", "c": "2"}


def test_joined_is_the_new_one_when_nothing_is_lost() -> None:
    new = resources(a="2", b="1")
    assert joined(resources(a="1"), new) is new
    assert joined(new, new) is new


def test_a_pair_is_computed_once() -> None:
    memo = PairMemo(differing)
    old, new = resources(a="1"), resources(a="2")
    assert memo(old, new) is memo(old, new)
    assert memo.computed == 1


def test_the_memo_is_bounded_and_never_mixes_up_sets() -> None:
    memo: PairMemo[tuple[str, ...]] = PairMemo(differing)
    empty: dict[str, Resource] = {}
    for number in range(1000):
        assert memo(empty, resources(**{f"n{number}": "1"})) == (f"n{number}",)
    assert len(memo._memo) <= 256


def test_the_memo_forgets_large_sets_sooner() -> None:
    memo: PairMemo[tuple[str, ...]] = PairMemo(differing)
    large = {f"n{number}": resource(ENDPOINT, f"n{number}", b"1") for number in range(20_000)}
    for _ in range(100):
        assert memo(large, dict(large)) == ()
    assert len(memo._memo) == 4


def test_versions_are_told_of_the_set_that_is_asked_for() -> None:
    versions, one = Versions(), resources(a="1")
    assert versions(one) is versions(one)
    for number in range(100):
        other = resources(b=str(number))
        assert versions(other) == {"b": other["b"].version}


def test_what_nobody_compares_between_two_sweeps_is_forgotten() -> None:
    memo, versions = PairMemo(differing), Versions()
    old, new = resources(a="1"), resources(a="2")
    memo(old, new)
    versions(new)
    for _ in range(2):
        memo.sweep()
        versions.sweep()
    assert (len(memo._memo), len(versions._memo)) == (0, 0)
    memo(old, new)
    assert memo.computed == 2


def test_a_table_is_made_for_many_questions_only() -> None:
    versions, large = Versions(), {f"n{number}": resource(ENDPOINT, f"n{number}", b"1") for number in range(400)}
    assert versions.table(large, 1) is large
    assert versions.table(large, 50) is large
    assert versions.table(large, 100) is versions(large)
