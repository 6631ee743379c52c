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
