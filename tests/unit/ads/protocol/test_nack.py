"""Envoy's words, read."""

import pytest

from gatewayd.ads.protocol.nack import culprits, shortened
from gatewayd.xds.resource import CLUSTER, LISTENER, ROUTE, TypeUrl

CLUSTERS = "Error adding/updating cluster(s) b: no such socket, c-1: bad"
LISTENERS = "Error adding/updating listener(s) b: error adding listener: 'x' has duplicate address\nc-1: bad\n"


@pytest.mark.parametrize(("type_url", "words"), [(CLUSTER, CLUSTERS), (LISTENER, LISTENERS)])
def test_listed_names_are_to_blame(type_url: TypeUrl, words: str) -> None:
    assert culprits(type_url, ("a", "b", "c", "c-1", "x"), words) == {"b", "c-1"}


def test_a_single_resource_is_to_blame_whatever_the_words() -> None:
    assert culprits(ROUTE, ("a",), "anything") == {"a"}


def test_words_without_a_list_blame_nobody() -> None:
    assert culprits(CLUSTER, ("a", "b"), "Proto constraint validation failed (a: b)") == frozenset()


def test_other_types_have_no_list() -> None:
    assert culprits(ROUTE, ("a", "b"), "Error adding/updating cluster(s) a: x") == frozenset()


def test_long_words_are_shortened() -> None:
    assert len(shortened("x" * 100_000)) < 5_000
    assert shortened("short") == "short"
