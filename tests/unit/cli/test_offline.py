import io
import sys
from pathlib import Path

import pytest
import typer

from gatewayd.cli.offline import STDIN, translation
from gatewayd.ir.fleet import GatewayFleet
from tests.unit.example import SHOP


def test_a_folder(shop: Path) -> None:
    assert list(translation([shop]).reconciler.snapshots) == [GatewayFleet(namespace="default", name="web")]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHOP.encode())))

    assert list(translation([STDIN]).reconciler.snapshots) == [GatewayFleet(namespace="default", name="web")]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(typer.Exit) as ended:
        translation([tmp_path / "nowhere"])

    assert ended.value.exit_code == 1
