import re
from itertools import pairwise

import pytest

from gatewayd.diff import releases
from gatewayd.diff.releases import (
    RELEASES,
    Release,
    UnknownReleaseError,
    UpgradeChange,
    UpgradeEffect,
    change_lines,
    changes_json,
    changes_since,
)
from gatewayd.kube.edition import Edition

ROLLS = UpgradeChange(effect=UpgradeEffect.ROLLS, where="every Gateway's proxies", why="the bootstrap has another host")
DRAINS = UpgradeChange(effect=UpgradeEffect.DRAINS, where="HTTP listeners", why="a filter more")
RESENDS = UpgradeChange(effect=UpgradeEffect.RESENDS, where="clusters", why="other names")


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = {"0.1.0": (), "0.2.0": (RESENDS,), "0.3.0": (DRAINS, RESENDS)}
    table = tuple(
        Release(version=version, commit="0" * 40, day="2026-01-01", changes=each) for version, each in changes.items()
    )
    monkeypatch.setattr(releases, "RELEASES", table)
    monkeypatch.setattr(releases, "NEXT", (ROLLS,))


def test_releases_are_in_order_and_have_commits() -> None:
    for earlier, later in pairwise(RELEASES):
        assert Edition(text=later.version).is_newer_than(Edition(text=earlier.version))
    for release in RELEASES:
        assert re.fullmatch("[0-9a-f]{40}", release.commit)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", release.day)


@pytest.mark.usefixtures("three")
def test_what_an_upgrade_does_is_what_all_releases_since_did_each_once_the_worst_first() -> None:
    assert changes_since("0.1.0") == (ROLLS, DRAINS, RESENDS)
    assert changes_since("0.3.0") == (ROLLS,)


@pytest.mark.usefixtures("three")
def test_an_unknown_version_is_told_which_there_are() -> None:
    with pytest.raises(UnknownReleaseError, match=r"^no release is called '9'; allowed are 0.1.0, 0.2.0, 0.3.0"):
        changes_since("9")


def test_what_does_not_happen_is_said_as_well() -> None:
    assert list(change_lines((ROLLS, DRAINS, RESENDS))) == [
        "! rolls every Gateway's proxies: the bootstrap has another host",
        "! drains HTTP listeners: a filter more",
        "~ re-sends clusters: other names",
    ]
    assert list(change_lines(())) == ["no proxy is replaced", "no connection drains"]
    assert changes_json((DRAINS,)) == [{"effect": "drains", "where": "HTTP listeners", "why": "a filter more"}]
