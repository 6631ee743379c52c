"""Drawn Ingresses, converted: each request at their edges ends where a second reading of ingress-nginx says.

That reading shares nothing with gatewayd. `make round-trips` draws 1,000; tests/feature/test_round_trip.py asks an
Envoy.
"""

import pytest

from tests.round_trip.generator import Drawn, drawn
from tests.round_trip.judge import judged

DRAWN = 150
AT_ONCE = 25


@pytest.mark.parametrize("first", range(0, DRAWN, AT_ONCE))
def test_what_is_converted_does_what_it_did(first: int) -> None:
    compared = 0
    for seed in range(first, first + AT_ONCE):
        judgement = judged(drawn(seed))
        assert not judgement.wrong, (f"python -m tests.round_trip 1 {seed}", *map(str, judgement.wrong[:5]))
        compared += judgement.compared
    assert compared > AT_ONCE * 50, "too few of the requests can be compared"


def test_what_is_wrong_is_found() -> None:
    """Guard the judge itself: without an annotation other answers are right."""
    whole = next(each for each in map(drawn, range(1000)) if "rewrite-target" in str(each.documents) and each.nginx)
    bare = tuple({**each, "metadata": {**each["metadata"], "annotations": {}}} for each in whole.documents)
    without = Drawn(seed=whole.seed, nginx=True, documents=bare)
    assert not judged(whole).wrong
    assert judged(whole, served=without).wrong


def test_a_number_draws_the_same_again() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
