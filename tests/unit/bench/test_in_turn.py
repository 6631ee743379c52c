"""What is measured beside each other: what disturbs both is in no difference."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.in_turn import Asked, Difference, asked_in_turn, difference

ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, sys
from bench.in_turn import answer_in_turn
asked = 0
async def number():
    global asked
    asked += 1
    return float(sys.argv[1]) + asked
asyncio.run(answer_in_turn({"started": sys.argv[1]}, number))
"""


@pytest.fixture(autouse=True)
def paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_each_is_asked_in_each_round_and_both_stand_at_once() -> None:
    commands = {name: [sys.executable, "-c", PROGRAM, name] for name in ("10", "20")}
    assert asked_in_turn(commands, 3) == {
        "10": Asked(found={"started": "10"}, numbers=(11.0, 12.0, 13.0)),
        "20": Asked(found={"started": "20"}, numbers=(21.0, 22.0, 23.0)),
    }


def test_one_that_ends_ends_it_all() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        asked_in_turn({"gone": [sys.executable, "-c", "raise SystemExit(7)"]}, 1)


def test_what_disturbs_both_is_in_no_difference() -> None:
    disturbed = (0.0, 30.0, 5.0, 90.0, 1.0)
    one = [10.5 + each for each in disturbed]
    assert difference(one, [10.0 + each for each in disturbed]) == Difference(median=0.5, spread=0.0)


def test_one_round_that_is_far_off_moves_neither() -> None:
    assert difference([1.0, 2.0, 3.0, 4.0, 900.0], [0.0] * 5) == Difference(median=3.0, spread=2.0)
