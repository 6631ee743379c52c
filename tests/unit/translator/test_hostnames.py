import re
from itertools import pairwise

import pytest

from gatewayd.translator.hostnames import (
    broader,
    covers,
    intersection,
    named_service,
    normalised,
    one_label_pattern,
    specificity,
)


@pytest.mark.parametrize(("written", "form"), [(None, "*"), ("", "*"), ("Shop.Example", "shop.example")])
def test_one_form_of_a_hostname(written: str | None, form: str) -> None:
    assert normalised(written) == form


@pytest.mark.parametrize(
    ("pattern", "hostname"),
    [
        ("*", "a.example"),
        ("*", "*.example"),
        ("*", "*"),
        ("a.example", "a.example"),
        ("*.example", "a.example"),
        ("*.example", "a.b.example"),
        ("*.example", "*.b.example"),
        ("*.example", "*.example"),
    ],
)
def test_a_pattern_covers(pattern: str, hostname: str) -> None:
    assert covers(pattern, hostname)


@pytest.mark.parametrize(
    ("pattern", "hostname"),
    [
        ("a.example", "b.example"),
        ("a.example", "*"),
        ("a.example", "*.example"),
        ("*.example", "example"),
        ("*.example", "aexample"),
        ("*.b.example", "*.example"),
        ("*.example", "*"),
    ],
)
def test_a_pattern_does_not_cover(pattern: str, hostname: str) -> None:
    assert not covers(pattern, hostname)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("*", "a.example", "a.example"),
        ("*.example", "a.example", "a.example"),
        ("*.example", "*.b.example", "*.b.example"),
        ("a.example", "a.example", "a.example"),
        ("*", "*", "*"),
        ("*.example", "example", None),
        ("a.example", "b.example", None),
        ("*.a.example", "*.b.example", None),
    ],
)
def test_the_intersection_is_one_of_the_two_whatever_their_order(one: str, other: str, common: str | None) -> None:
    assert intersection(one, other) == common
    assert intersection(other, one) == common


@pytest.mark.parametrize(
    ("hostname", "all_of_them"),
    [
        ("a.b.c", ("a.b.c", "*.b.c", "*.c", "*")),
        ("*.b.c", ("*.b.c", "*.c", "*")),
        ("c", ("c", "*")),
        ("*.c", ("*.c", "*")),
        ("*", ("*",)),
    ],
)
def test_everything_that_covers_a_hostname(hostname: str, all_of_them: tuple[str, ...]) -> None:
    assert broader(hostname) == all_of_them
    assert all(covers(each, hostname) for each in all_of_them)


def test_specificity_orders_exact_before_wildcards_and_long_before_short() -> None:
    ordered = ["long.a.example", "a.example", "*.a.example", "*.example", "*"]
    assert all(specificity(first) > specificity(second) for first, second in pairwise(ordered))


def test_a_short_exact_name_is_more_special_than_a_long_wildcard() -> None:
    assert specificity("a.io") > specificity("*.very.long.example")


@pytest.mark.parametrize("host", ["a.shop.example", "A.Shop.EXAMPLE", "a.shop.example:8080"])
def test_a_wildcard_for_one_label_holds_in_any_letters_and_with_a_port(host: str) -> None:
    assert re.fullmatch(one_label_pattern("*.shop.example"), host)


@pytest.mark.parametrize("host", ["shop.example", "a.b.shop.example", "a.shop-example", ".shop.example"])
def test_a_wildcard_for_one_label_holds_for_no_other_host(host: str) -> None:
    assert not re.fullmatch(one_label_pattern("*.shop.example"), host)


def test_names_of_services() -> None:
    assert named_service("one", "shop") == ("shop", "one")
    assert (
        named_service("one.team.svc", "shop") == named_service("one.team.svc.cluster.local", "shop") == ("team", "one")
    )
    assert named_service("api.example.com", "shop") is None
    assert named_service("a.b.team.svc", "shop") is None
