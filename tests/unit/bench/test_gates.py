"""Gates of `make bench`: ratios and counts within one run."""

import json
from pathlib import Path

import pytest

from bench.__main__ import MEASUREMENTS
from bench.gates import GATES, verdicts

RESULTS = Path(__file__).parents[3] / "bench" / "results" / "latest.json"
FEW = {"change_cpu_ms_median": 0.4, "cold_cpu_ms_per_route": 0.2, "change_queries_median": 9, "change_queries_max": 9}


def test_gates_are_of_measurements() -> None:
    assert set(GATES) <= set(MEASUREMENTS)


@pytest.mark.parametrize(
    ("many", "missed"),
    [
        (
            {
                "change_cpu_ms_median": 0.5,
                "cold_cpu_ms_per_route": 0.2,
                "change_queries_median": 10,
                "change_queries_max": 12,
            },
            [],
        ),
        (
            {
                "change_cpu_ms_median": 0.6,
                "cold_cpu_ms_per_route": 0.2,
                "change_queries_median": 9,
                "change_queries_max": 9,
            },
            ["CPU of a change, most routes to fewest"],
        ),
        (
            {
                "change_cpu_ms_median": 0.5,
                "cold_cpu_ms_per_route": 0.2,
                "change_queries_median": 11,
                "change_queries_max": 13,
            },
            ["queries of a change, median", "queries of a change, most"],
        ),
    ],
)
def test_what_is_missed(many: dict[str, float], missed: list[str]) -> None:
    assert [each.what for each in verdicts("translation", [FEW, many]) if not each.is_met] == missed


def test_a_figure_that_is_not_there_is_missed() -> None:
    found = verdicts("memory", [{"growth_percent": 1.0}])
    assert [each.is_met for each in found] == [True, False]
    assert "rows_left" in found[1].what


def test_what_is_published_says_what_it_is_of_and_met_its_gates() -> None:
    for name, result in json.loads(RESULTS.read_text(encoding="utf-8")).items():
        assert result["commit"], name
        assert result["gatewayd"], name
        assert all(each["is_met"] for each in result["gates"]), name
