"""docs/figures.md and README's table are what docs/figures.py makes of the results."""

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FIGURES = runpy.run_path(str(ROOT / "docs" / "figures.py"))


def test_the_page_is_what_was_measured() -> None:
    page = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert page == FIGURES["page"](), "stale: run `python docs/figures.py`"


def test_readme_is_what_was_measured() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8") == FIGURES["readme"](), (
        "stale: run `python docs/figures.py`"
    )


def test_readme_has_five_figures() -> None:
    assert len([each for each in FIGURES["FIGURES"] if each.is_short]) == 5


def test_every_figure_is_of_a_result_and_can_be_had() -> None:
    results = FIGURES["results"]()
    for each in FIGURES["FIGURES"]:
        assert each.source in results
        assert any(sign.isdigit() for sign in each.text(results[each.source])), each.what


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1_002_088, "1,002,088"),
        (0.0532, "0.053"),
        (7.5851, "7.6"),
        (24.968, "25.0"),
        (378.94, "379"),
        (6.0, "6"),
    ],
)
def test_numbers_are_as_people_write_them(value: float, text: str) -> None:
    assert FIGURES["number"](value) == text


def result(*rows: dict[str, Any]) -> Any:
    return FIGURES["Result"](commit="c", gatewayd="g", rows=rows)


def test_what_is_not_there_is_absent() -> None:
    with pytest.raises(FIGURES["Absent"]):
        FIGURES["row"](result({"routes": 1}), routes=2)
    with pytest.raises(FIGURES["Absent"]):
        FIGURES["peer"](result({"case": "a, b", "peer": "p", "metric": "m", "median": 1}), "a", "p", "n")


def cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip("|").split("|")]


def test_every_goal_is_of_a_result_or_not_measured_and_says_what_was_done() -> None:
    page = FIGURES["page"]().partition("## Goals of pace")[2]
    rows = [cells(line) for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(FIGURES["GOALS"]) >= 9
    for what, _, measured, _, verdict, done in rows:
        assert verdict in ("met", "**missed**") or measured == FIGURES["MISSING"], what
        assert done, what


def test_a_goal_is_met_by_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    goal = FIGURES["Goal"](
        what="w", source="s", value=lambda of: FIGURES["row"](of, at=1)["v"], at_most=2, unit="s", tried="t"
    )
    monkeypatch.setitem(FIGURES["_goals"].__globals__, "GOALS", (goal,))
    verdicts = [
        [*FIGURES["_goals"](found)][-1]
        for found in ({"s": result({"at": 1, "v": 2.0})}, {"s": result({"at": 1, "v": 2.1})}, {"s": result({})}, {})
    ]
    assert [cells(line)[4] for line in verdicts] == ["met", "**missed**", "", ""]
