"""`gatewayd logs` on the files that a run has left; one that answers is in tests/feature/test_cli_logs.py."""

import json
from pathlib import Path

import pytest

from gatewayd.ir.access_log import FILE
from tests.unit.cli.command import Gatewayd


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """Return the socket of a run of two Envoys that answers nobody."""
    for number, status in ((1, 200), (2, 503)):
        home = tmp_path / f"envoy-{number}"
        home.mkdir()
        lines = [
            {"time": f"T0{at}", "status": status, "route": f"httproute/shop/r{at}/rule/0/match/0"} for at in (number, 5)
        ]
        (home / FILE).write_text("".join(f"{json.dumps(each)}\n" for each in lines) + "{broken\n")
    found = tmp_path / "xds" / "socket"
    found.parent.mkdir()
    found.touch()
    return found


def statuses(text: str) -> list[int]:
    return [json.loads(line)["status"] for line in text.splitlines()]


def test_lines_of_all_envoys_by_time(gatewayd: Gatewayd, socket: Path) -> None:
    ran = gatewayd("logs", "--socket", socket, "-o", "json")
    assert ran.code == 0
    assert [json.loads(line)["time"] for line in ran.out.splitlines()] == ["T01", "T02", "T05", "T05"]
    assert json.loads(ran.out.splitlines()[0])["file"] is None


def test_lines_of_one_moment_stay_as_they_were_written(gatewayd: Gatewayd, socket: Path) -> None:
    lines = [{"time": "T01", "status": 200 + at} for at in range(9)]
    (socket.parent.parent / "envoy-2" / FILE).unlink()
    (socket.parent.parent / "envoy-1" / FILE).write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    assert statuses(gatewayd("logs", "--socket", socket, "-o", "json").out) == [200 + at for at in range(9)]


def test_the_last_ones(gatewayd: Gatewayd, socket: Path) -> None:
    assert statuses(gatewayd("logs", "--socket", socket, "-o", "json", "--tail", "0").out) == []
    assert len(statuses(gatewayd("logs", "--socket", socket, "-o", "json", "--tail", "3").out)) == 3


def test_those_that_are_asked_for(gatewayd: Gatewayd, socket: Path) -> None:
    ran = gatewayd("logs", "--socket", socket, "-o", "json", "--status", "5xx", "--route", "httproute/shop/r2")
    assert statuses(ran.out) == [503]


def test_a_table(gatewayd: Gatewayd, socket: Path) -> None:
    heading, *lines = gatewayd("logs", "--socket", socket).out.splitlines()
    assert heading.startswith("TIME")
    assert len(lines) == 4


@pytest.mark.parametrize("wrong", [("--status", "many"), ("--route", "cart")])
def test_what_cannot_be_chosen(gatewayd: Gatewayd, socket: Path, wrong: tuple[str, str]) -> None:
    ran = gatewayd("logs", "--socket", socket, *wrong)
    assert ran.code == 1
    assert wrong[0] in ran.err


def test_nobody_runs(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("logs", "--socket", tmp_path / "none")
    assert ran.code == 3
    assert "no `gatewayd up`" in ran.err
