from pathlib import Path

import pytest

from gatewayd.cli import status as command
from gatewayd.introspection import client
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
    assert "standalone-1" in ran.out


def test_json(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "fetch", lambda _path: STATUS)

    assert '"folder": "./gateway"' in gatewayd("status", "--socket", "somewhere", "-o", "json").out
    assert command.app.registered_commands
