from pathlib import Path

import pytest

from tests.unit.cli.command import Gatewayd


def test_without_an_envoy_nothing_is_written(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("demo", tmp_path / "new", "--envoy-path", tmp_path / "none")

    assert ran.code == 3
    assert not (tmp_path / "new").exists()


def test_a_folder_of_something_else_is_left_alone(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("demo", shop, "--envoy-path", "/bin/true")

    assert ran.code == 1
    assert "has manifests of something else (shop.yaml)" in ran.err
    assert [each.name for each in shop.iterdir()] == ["shop.yaml"]


def test_a_check_leaves_no_folder_behind(gatewayd: Gatewayd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gatewayd("demo", "--check", "--envoy-path", "/bin/false")

    assert list(tmp_path.iterdir()) == []
