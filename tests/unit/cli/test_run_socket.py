from pathlib import Path

import pytest
import typer

from gatewayd.cli.run_socket import newest_run, run_socket, status_of


def test_the_run_that_is_named_is_asked(tmp_path: Path) -> None:
    assert newest_run(tmp_path / "socket") == run_socket(tmp_path / "socket", "nobody") == tmp_path / "socket"


def test_nobody_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert newest_run() is None
    with pytest.raises(typer.Exit):
        run_socket(None, "start one")
    assert capsys.readouterr().err == "gatewayd: start one\n"


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(typer.Exit):
        status_of(tmp_path / "socket")
