"""That nobody runs is told by each command in its own words: tests/unit/cli/test_status.py."""

from pathlib import Path

import pytest
import typer

from gatewayd.cli.run_socket import newest_run, run_socket, status_of


def test_the_run_that_is_named_is_asked(tmp_path: Path) -> None:
    assert newest_run(tmp_path / "socket") == run_socket(tmp_path / "socket", "nobody") == tmp_path / "socket"


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(typer.Exit):
        status_of(tmp_path / "socket")
