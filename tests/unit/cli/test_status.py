from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.cli import status as command
from gatewayd.introspection import client
from gatewayd.introspection.status import Status
from tests.unit.cli.command import Gatewayd
from tests.unit.introspection.statuses import STATUS


def test_nobody_runs(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "newest_socket", lambda _runtime, _owner: None)

    ran = gatewayd("status")

    assert ran.code == 3
    assert "no gatewayd of this user is running" in ran.err


def test_nobody_answers(gatewayd: Gatewayd, tmp_path: Path) -> None:
    assert gatewayd("status", "--socket", tmp_path / "none").code == 3


def test_what_runs_is_drawn(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "fetch", lambda _path: STATUS)

    ran = gatewayd("status", "--socket", "somewhere")

    assert ran.code == 2  # a proxy refuses something
    assert ran.out.startswith("gatewayd 0.1.0 serves ./gateway\n")
    assert all(len(line) < 400 for line in ran.out.splitlines())
    assert "standalone-1" in ran.out


def test_json(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "fetch", lambda _path: STATUS)

    assert '"folder": "./gateway"' in gatewayd("status", "--socket", "somewhere", "-o", "json").out
    assert command.app.registered_commands


def test_only_what_is_asked_for(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "fetch", lambda _path: STATUS)

    assert "HTTPRoute" not in gatewayd("status", "--socket", "somewhere", "-n", "elsewhere").out
    assert "0 routes" in gatewayd("status", "nothing/is/called/so", "--socket", "somewhere").out
    assert gatewayd("status", "--socket", "somewhere", "--problems", "-o", "wide").code == 2


def test_what_changes_is_told_until_the_run_is_gone(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([STATUS, replace(STATUS, board=replace(STATUS.board, notices=("12:00:00 news",)))])

    def fetch(_path: Path) -> Status:
        try:
            return next(answers)
        except StopIteration as error:
            raise client.NobodyError("gone") from error

    monkeypatch.setattr(client, "fetch", fetch)
    monkeypatch.setattr(command, "_LOOK", 0.0)

    ran = gatewayd("status", "-w", "--socket", "somewhere")

    assert ran.code == 3
    assert "12:00:00 news" in ran.out
