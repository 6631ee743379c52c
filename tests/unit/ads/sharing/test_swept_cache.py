"""Values that are kept for as long as others come for them."""

from gatewayd.ads.sharing.swept_cache import Recent


def test_what_is_kept_is_what_was_put() -> None:
    memo: Recent[str, int] = Recent(most=2)
    assert (memo.get("a"), memo.put("a", 1), memo.get("a")) == (None, 1, 1)


def test_the_value_used_longest_ago_goes_first() -> None:
    memo: Recent[str, int] = Recent(most=2)
    memo.put("a", 1)
    memo.put("b", 2)
    memo.get("a")
    memo.put("c", 3)
    assert [memo.get(key) for key in "abc"] == [1, None, 3]


def test_the_newest_is_kept_whatever_it_weighs() -> None:
    memo: Recent[str, int] = Recent(most=10)
    memo.put("a", 1, weight=9)
    memo.put("b", 2, weight=100)
    assert (memo.get("a"), memo.get("b")) == (None, 2)


def test_so_many_are_kept_whatever_they_weigh() -> None:
    memo: Recent[int, int] = Recent(most=10, fewest=3)
    for number in range(5):
        memo.put(number, number, weight=100)
    assert len(memo) == 3


def test_nothing_is_left_two_sweeps_after_the_last_question() -> None:
    memo: Recent[str, int] = Recent(most=10)
    memo.put("a", 1)
    memo.put("b", 2)
    for _ in range(5):
        memo.sweep()
        assert memo.get("a") == 1
    assert memo.get("b") is None
    memo.sweep()
    memo.sweep()
    assert len(memo) == 0


def test_what_went_weighs_nothing() -> None:
    memo: Recent[str, int] = Recent(most=10)
    memo.put("a", 1, weight=10)
    memo.sweep()
    memo.sweep()
    memo.put("b", 2, weight=5)
    memo.put("c", 3, weight=5)
    assert len(memo) == 2
