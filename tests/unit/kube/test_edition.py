from itertools import pairwise

import pytest

from gatewayd.kube.edition import NO_EDITION, Edition, edition_of


def test_an_edition_is_a_version_and_what_it_was_told() -> None:
    assert edition_of("0.2.0", None).text == "0.2.0"
    assert edition_of("0.2.0", "per-host") == Edition(text="0.2.0+per-host")
    assert edition_of("0.2.0") != edition_of("0.2.0", "per-host")


def test_editions_are_ordered_as_their_versions_are() -> None:
    texts = ["0.1.0", "0.2.0.dev0", "0.2.0a1", "0.2.0rc2", "0.2.0rc10", "0.2.0", "0.2.1", "0.10.0", "1.0.0"]
    assert sorted(texts, key=lambda text: Edition(text=text).rank) == texts
    for older, newer in pairwise(texts):
        assert Edition(text=newer).is_newer_than(Edition(text=older))
        assert not Edition(text=older).is_newer_than(Edition(text=newer))


def test_what_a_replica_was_told_makes_it_no_newer() -> None:
    assert not edition_of("0.2.0", "per-host").is_newer_than(edition_of("0.2.0"))
    assert edition_of("0.3.0").is_newer_than(edition_of("0.2.0", "per-host"))


@pytest.mark.parametrize("text", ["", "unknown", "0.2", "v0.2.0", "0.2.0-rc1"])
def test_who_says_no_version_is_newer_than_nobody_and_older_than_nobody(text: str) -> None:
    odd = Edition(text=text)
    assert not odd.is_newer_than(edition_of("0.1.0"))
    assert not edition_of("0.1.0").is_newer_than(odd)
    assert not odd.is_newer_than(NO_EDITION)
