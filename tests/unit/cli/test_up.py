from pathlib import Path

import pytest

from tests.unit.cli.command import Gatewayd


def test_a_folder_that_is_not_there(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("up", tmp_path / "none", "--envoy-path", "/bin/true")

    assert ran.code == 1
    assert "there is no such folder; name one, or let `gatewayd up --to URL` or `gatewayd demo` write one" in ran.err


def test_without_an_envoy(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    ran = gatewayd("up", shop, "--envoy-path", tmp_path / "none")

    assert (ran.code, ran.out) == (3, "")
    assert "there is no such file; --envoy-path takes the Envoy binary" in ran.err


def test_to_writes_nothing_without_an_envoy(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("up", tmp_path / "new", "--to", "http://127.0.0.1:3000", "--envoy-path", tmp_path / "none")

    assert ran.code == 3
    assert not (tmp_path / "new").exists()


def test_to_writes_over_nothing(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("up", shop, "--envoy-path", "/bin/true", "--to", "http://127.0.0.1:3000")

    assert ran.code == 1
    assert "has manifests already (shop.yaml)" in ran.err


def test_to_takes_urls(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("up", tmp_path / "new", "--envoy-path", "/bin/true", "--to", "ftp://a")

    assert ran.code == 1
    assert "no URL of a backend" in ran.err
    assert not (tmp_path / "new").exists()


def test_an_environment_that_means_nothing(gatewayd: Gatewayd, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAYD_LOG_LEVEL", "loud")

    ran = gatewayd("up", shop)

    assert ran.code == 1
    assert "GATEWAYD_LOG_LEVEL: 'loud' is not known" in ran.err
