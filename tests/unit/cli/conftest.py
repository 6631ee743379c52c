from pathlib import Path

import pytest

from tests.unit.cli.command import Gatewayd
from tests.unit.example import SHOP


@pytest.fixture
def gatewayd(capsys: pytest.CaptureFixture[str]) -> Gatewayd:
    return Gatewayd(capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "shop.yaml").write_text(SHOP)
    return folder
