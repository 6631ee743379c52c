from pathlib import Path

import pytest
import structlog
import typer

from gatewayd.cli.environment import log_to_stderr, settings
from gatewayd.cli.offline import translation


def test_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAYD_LOG_LEVEL", "debug")
    assert settings().log_level == "debug"
    monkeypatch.setenv("GATEWAYD_LOG_LEVEL", "loud")
    with pytest.raises(typer.Exit) as ended:
        settings()
    assert ended.value.exit_code == 1


def test_only_what_goes_wrong_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr()
    structlog.get_logger().warning("not shown")
    structlog.get_logger().error("shown")
    found = capsys.readouterr()
    assert (found.out, "shown" in found.err, "not shown" in found.err) == ("", True, False)


def test_what_a_translation_logs_does_not_stand_in_its_output(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    translation([shop])
    structlog.get_logger().error("shown")
    found = capsys.readouterr()
    assert (found.out, "shown" in found.err) == ("", True)
