"""The goldens are what the translation says today; `make golden` writes them anew, and the diff is to be read."""

import pytest

from tests.golden.cases import CASES, DEFAULTS, FOLDER, Case, text

MOST_LINES = 150


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_golden_is_what_comes_out(case: Case) -> None:
    assert case.golden.is_file(), f"make golden CASE={case}"
    assert text(case).splitlines() == case.golden.read_text(encoding="utf-8").splitlines(), f"make golden CASE={case}"


@pytest.mark.parametrize("case", [case for case in CASES if case.name != DEFAULTS], ids=str)
def test_a_golden_can_be_read(case: Case) -> None:
    assert len(case.golden.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_no_golden_is_without_a_case() -> None:
    assert {path.relative_to(FOLDER) for path in FOLDER.glob("*/*.golden")} == {
        case.golden.relative_to(FOLDER) for case in CASES
    }


def test_every_area_has_defaults_and_cases() -> None:
    for area in {case.area for case in CASES}:
        names = {case.name for case in CASES if case.area == area}
        assert DEFAULTS in names
        assert len(names) > 1


def test_no_golden_shows_a_private_key() -> None:
    assert not [case for case in CASES if "PRIVATE KEY" in case.golden.read_text(encoding="utf-8")]
