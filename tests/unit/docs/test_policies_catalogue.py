"""Every row of docs/policies-catalogue.md names tests, and each of them is there."""

import re
from pathlib import Path

import pytest

from conformance.scenarios.catalogue import SCENARIOS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "policies-catalogue.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<what>[^|]+) \| (?P<by>`tests/[^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)(?:::(?P<test>\w+))?`")
AREAS = (
    "Authentication",
    "Authorization",
    "CORS and CSRF",
    "Merge",
    "Fail closed",
    "Limits, local",
    "Limits, global",
    "Traffic",
    "Backends",
    "Clients",
    "Beyond the peers",
    "Reports",
    "Extensions",
    "Envoy Gateway's kinds",
    "Under load, in a cluster",
    "Not there",
)


def test_every_area_has_its_table() -> None:
    assert tuple(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)) == AREAS


@pytest.mark.parametrize("row", [*ROW.finditer(PAGE)], ids=lambda row: row["what"][:60])
def test_a_row_names_tests_that_are_there(row: re.Match[str]) -> None:
    named = list(TEST.finditer(row["by"]))
    assert named
    for each in named:
        text = (ROOT / each["file"]).read_text(encoding="utf-8")
        if each["test"]:
            assert re.search(rf"^(?:async )?def {each['test']}\(", text, re.MULTILINE), each["test"]


def test_the_scenarios_are_there() -> None:
    named = re.findall(r"^\| [^|]+ \| ((?:`[a-z-]+`(?:, )?)+) \|$", PAGE, re.MULTILINE)
    assert len(named) == 6
    assert {each.strip("`") for row in named for each in row.split(", ")} <= set(SCENARIOS)
