"""What equal objects lead to in another way than in the last release is said in `gatewayd/diff/releases.py`.

Users ask `gatewayd diff --from VERSION` what an upgrade does. A commit after which listeners, clusters, routes or
bootstraps have other bytes adds a line to `NEXT`, or, where one says so already, nothing.
"""

import json
from collections.abc import Iterator
from functools import cache

from gatewayd.diff.releases import NEXT, RELEASES, UpgradeEffect
from tests.compat.test_read import keyed, today
from tests.compat.written import CASES, FOLDER, versions
from tests.fakes.documents import Json

LAST = RELEASES[-1].version
NAMES = [case.replace("/", "-") for case in CASES]


@cache
def known() -> Json:
    found: Json = json.loads((FOLDER / LAST / "snapshots.json").read_text(encoding="utf-8"))
    return found


@cache
def changed(name: str) -> frozenset[str]:
    """Return the types of resources that are others today."""
    today_versions = versions((FOLDER / LAST / "manifests" / f"{name}.yaml").read_text(encoding="utf-8"))
    before = known()[name]
    return frozenset(kind for kind, table in today_versions.items() if table != before.get(kind, {}))


def effects() -> Iterator[tuple[UpgradeEffect, str]]:
    """Yield what an upgrade from the last release does, with an example."""
    for name in NAMES:
        kinds = changed(name)
        if "LDS" in kinds:
            yield UpgradeEffect.DRAINS, name
        if kinds - {"LDS"}:
            yield UpgradeEffect.RESENDS, f"{name} {sorted(kinds)}"
    objects, _, _ = today(LAST)
    for at, old in keyed(LAST).items():
        if at.plural in ("deployments", "daemonsets") and objects[at]["spec"]["template"] != old["spec"]["template"]:
            yield UpgradeEffect.ROLLS, str(at)


def test_there_are_manifests_of_each_case() -> None:
    assert known().keys() == set(NAMES)
    assert all(known()[name]["LDS"] for name in NAMES if name != "listeners-_defaults")


def test_what_an_upgrade_does_is_announced() -> None:
    seen = dict(effects())
    said = {change.effect for change in NEXT}
    missing = {effect.value: example for effect, example in seen.items() if effect not in said}
    assert not missing, f"bytes differ from {LAST}; say so in NEXT of gatewayd/diff/releases.py: {missing}"


def test_nothing_is_announced_that_does_not_happen() -> None:
    idle = {change.effect.value for change in NEXT} - {effect.value for effect, _ in effects()}
    assert not idle, f"NEXT says so, and no byte of the cases differs: {idle}"
