"""docs/features.md is what docs/features.py makes of the tables, and what it names is there."""

import re
import runpy
from pathlib import Path

import pytest

from conformance.profiles import GATEWAY
from conformance.summary import report
from gatewayd.translator.features import CONFORMANCE, FEATURES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "features.md"


def test_the_page_is_what_the_tables_say() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "features.py"))["page"]()
    assert PAGE.read_text(encoding="utf-8") == made, "stale: run `python docs/features.py`"


@pytest.mark.parametrize("test", sorted({each.test for each in FEATURES} - {CONFORMANCE}))
def test_the_test_of_a_feature_exists(test: str) -> None:
    file = ROOT / test
    assert file.is_file()
    assert re.search(r"^(async )?def (test_|[a-z]+\(world: World)", file.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(each.name for each in FEATURES if each.test == CONFORMANCE))
def test_a_feature_that_the_suite_shows_is_in_a_report_without_failures(name: str) -> None:
    profiles = [profile["extended"] for profile in report(GATEWAY)["profiles"]]
    showing = [each for each in profiles if name in each["supportedFeatures"]]
    assert showing
    assert {each["result"] for each in showing} == {"success"}


def test_every_feature_is_on_the_page_with_its_test() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    named = {each for each in FEATURES for line in lines if line.startswith(f"| {each.name} ") and each.test in line}
    assert named == set(FEATURES)
