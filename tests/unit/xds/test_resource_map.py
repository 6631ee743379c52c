import random

from gatewayd.xds.resource import CLUSTER, Resource, resource
from gatewayd.xds.resource_map import NOTHING, ResourceMap


def item(number: int, content: int = 0) -> Resource:
    return resource(CLUSTER, f"c{number}", str(content).encode())


def filled(count: int) -> ResourceMap:
    return NOTHING.replaced({f"c{number}": item(number) for number in range(count)})


def test_it_is_a_mapping() -> None:
    made = filled(1_000)
    assert len(made) == 1_000
    assert sorted(made) == sorted(f"c{number}" for number in range(1_000))
    assert made["c7"] == item(7)
    assert "c7" in made
    assert "other" not in made
    assert made.get("other") is None
    assert made == {f"c{number}": item(number) for number in range(1_000)}


def test_of_many_of_which_few_are_left_few_shards_are_left() -> None:
    left = filled(5_000).replaced({f"c{number}": None for number in range(3, 5_000)})
    assert left == {f"c{number}": item(number) for number in range(3)}
    assert len(left.shards) == 1


def test_what_was_before_stays_as_it_was() -> None:
    before = filled(300)
    after = before.replaced({"c1": None, "c2": item(2, 9), "new": item(0)})
    assert (len(before), before["c2"], "c1" in before) == (300, item(2), True)
    assert (len(after), after["c2"], "c1" in after, "new" in after) == (300, item(2, 9), False, True)


def test_differences_are_found_whatever_the_sizes() -> None:
    dice = random.Random(3)  # noqa: S311
    one, oracle = NOTHING, dict[str, Resource]()
    for _ in range(300):
        changes: dict[str, Resource | None] = {}
        for _ in range(dice.choice((1, 1, 2, 200))):
            number = dice.randrange(2_000)
            changes[f"c{number}"] = None if dice.random() < 0.5 else item(number, dice.randrange(3))
        two = one.replaced(changes)
        after = {name: each for name, each in {**oracle, **changes}.items() if each is not None}
        wanted = {name for name in {*oracle, *after} if oracle.get(name) != after.get(name)}
        assert set(one.differing(two)) == set(two.differing(one)) == wanted
        assert two == after
        one, oracle = two, after


def test_a_change_shares_all_other_shards() -> None:
    before = filled(5_000)
    after = before.replaced({"c9": item(9, 1)})
    assert sum(one is not two for one, two in zip(before.shards, after.shards, strict=True)) == 1
    assert before.differing(after) == ["c9"]
