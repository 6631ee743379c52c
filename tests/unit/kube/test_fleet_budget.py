"""What fits into a ConfigMap, and what is left out first."""

import msgspec

from gatewayd.ir.limits import SHARED_NAMES_BYTES, SHARED_REFUSALS, SHARED_SECRETS, SHARED_WORDS
from gatewayd.ir.outcome import RefusedSecret
from gatewayd.kube.fleet_budget import Refused, Share, bounded, fitted, shared_secrets

SMALL = Share(connected=1, acked={"tcp-80": "1"}, refused={"no": (("type", "c", "1"),)})


def refused(count: int, size: int = 10) -> tuple[Refused, ...]:
    return tuple(("t", f"{number}".ljust(size, "x"), "1") for number in range(count))


def test_words_are_told_once_and_shortened_and_not_too_many() -> None:
    found = bounded((f"{number:03}".ljust(4_096, "x"), refused(1)) for number in range(100))
    assert len(found) == SHARED_REFUSALS
    assert {len(words) for words in found} == {SHARED_WORDS}


def test_words_that_begin_alike_are_the_same() -> None:
    assert bounded([("x" * 300, refused(1)), ("x" * 400, refused(2)[1:])]) == {"x" * SHARED_WORDS: refused(2)}


def test_names_are_not_too_many() -> None:
    [names] = bounded([("no", refused(10_000))]).values()
    assert 0 < sum(map(len, (part for each in names for part in each))) <= SHARED_NAMES_BYTES


def test_what_fits_is_told_as_a_whole() -> None:
    assert fitted({"a": SMALL, "b": SMALL}) == ({"a": SMALL, "b": SMALL}, ())


def test_words_go_before_acks_and_those_of_who_says_most_first() -> None:
    loud = Share(connected=1, acked={"tcp-80": "1"}, refused={"no": refused(1_000)})
    whole = len(msgspec.json.encode({"quiet": SMALL, "talks most": loud}))
    found, short = fitted({"quiet": SMALL, "talks most": loud}, whole - 100)
    assert found == {"quiet": SMALL, "talks most": Share(connected=1, acked={"tcp-80": "1"})}
    assert short == ("talks most",)


def test_acks_go_last_and_those_of_who_has_most_first() -> None:
    huge = Share(connected=1, acked={f"tcp-{number}": "1" for number in range(10_000)})
    found, short = fitted({"quiet": SMALL, "whose is huge": huge}, 1_000)
    assert found == {"quiet": Share(connected=1, acked={"tcp-80": "1"}), "whose is huge": Share(connected=1)}
    assert short == ("quiet", "whose is huge")


def test_who_is_cut_short_is_told_by_name() -> None:
    loud = Share(connected=1, acked={"tcp-80": "1"}, refused={"no": refused(1_000)})
    _, short = fitted({f"shop/{name}": loud for name in "hcgbfaed"}, 1_000)
    assert short == tuple(f"shop/{name}" for name in "abcdefgh")


def test_policies_go_after_words_and_before_listeners_and_count_as_lacking() -> None:
    many = Share(connected=1, acked={"tcp-80": "1"}, policies={f"{number:018}": 1 for number in range(1_000)})
    found, _ = fitted({"quiet": SMALL, "many": many}, 1_000)
    less = Share(connected=1, acked={"tcp-80": "1"})
    assert found == {"quiet": less, "many": msgspec.structs.replace(less, policies={})}
    # Each takes 26 bytes in a ConfigMap: 5,000 of a Gateway are an eighth of what there is room for.
    assert len(msgspec.json.encode(msgspec.json.encode(many).decode())) < 27_000


def test_refused_certificates_have_a_bound_and_each_words_stand_once() -> None:
    many = [RefusedSecret(version=f"{number:016}", message=f"words {number % 40}") for number in range(9_000)]
    told = shared_secrets(many)
    assert sum(map(len, told.values())) == SHARED_SECRETS
    assert len(told) == SHARED_REFUSALS + 1
    assert len(msgspec.json.encode(told)) < 20_000
