from pathlib import Path

import pytest

from gatewayd.introspection import client
from tests.unit.cli.command import Gatewayd


@pytest.mark.parametrize(("arguments", "sent"), [((), ""), (("debug",), "debug")])
def test_a_level_is_asked_for_or_set(
    gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sent: str
) -> None:
    def answer(_path: Path, level: str) -> str:
        assert level == sent
        return "debug"

    monkeypatch.setattr(client, "set_log_level", answer)

    assert gatewayd("log-level", *arguments, "--socket", "somewhere").out == "debug\n"


def test_a_level_that_is_none(gatewayd: Gatewayd) -> None:
    assert gatewayd("log-level", "loud", "--socket", "somewhere").code == 1
