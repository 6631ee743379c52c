"""The page of a night: every part with what came of it, and the nights before."""

import json
import re
from pathlib import Path

from bench.nightly import NIGHTS, PARTS, keep, page, run

MAKEFILE = Path(__file__).parents[3] / "Makefile"


def night(number: int, *codes: int) -> dict[str, object]:
    parts = [{"part": f"p{at}", "code": code, "seconds": 61.0, "said": "a | b"} for at, code in enumerate(codes)]
    return {"when": f"night {number}", "commit": "c", "gatewayd": "g", "load": 0.5, "parts": parts}


def test_every_part_is_a_target_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {each.command[0] for each in PARTS.values()} | {each.small[0] for each in PARTS.values()} <= targets


def test_the_page_tells_the_last_night_and_those_before() -> None:
    text = page([night(1, 0, 0), night(2, 0, 1)])
    assert "| p1 | **failed** | 61 | a \\| b |" in text
    assert text.index("| night 2 | c | g | 0.5 | 1 of 2 | p1 |") < text.index("| night 1 | c | g | 0.5 | 2 of 2 |  |")


def test_some_nights_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "nights.json"
    for number in range(NIGHTS + 3):
        keep(file, night(number, 0))
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [each["when"] for each in (kept[0], kept[-1])] == ["night 3", f"night {NIGHTS + 2}"]
    assert file.with_suffix(".md").read_text(encoding="utf-8") == page(kept)


def test_a_part_that_fails_says_so(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("good:\n\t@echo all is well\nbad:\n\t@echo no; false\n", encoding="utf-8")
    good, bad = run("good", ("good",), tmp_path), run("bad", ("bad",), tmp_path)
    assert (good.code, good.said) == (0, "all is well")
    assert bad.code != 0
    assert bad.said == "no"
