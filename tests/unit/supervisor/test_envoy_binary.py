from pathlib import Path

import pytest

from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy


def executable(path: Path) -> Path:
    path.write_text("")
    path.chmod(0o755)
    return path


def test_the_one_asked_for_is_taken(tmp_path: Path) -> None:
    envoy = executable(tmp_path / "envoy")
    assert find_envoy(envoy) == envoy


def test_one_that_cannot_be_run_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert find_envoy(tmp_path / "none") == NoEnvoy(
        message=f"{tmp_path}/none: there is no such file; --envoy-path takes the Envoy binary"
    )
    assert find_envoy(tmp_path / "plain") == NoEnvoy(
        message=f"{tmp_path}/plain: the file is not executable; chmod +x makes it so"
    )
    assert isinstance(find_envoy(tmp_path), NoEnvoy)


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewayd.supervisor.envoy_binary._WHEEL", "no-such-distribution")


def test_the_wheel_goes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    executable(tmp_path / "envoy")
    found = find_envoy(None)
    assert isinstance(found, Path)
    assert found.parts[-3:] == ("envoy", "_bin", "envoy")


@pytest.mark.usefixtures("no_wheel")
def test_path_is_searched_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_envoy(None) == NoEnvoy(
        message="no Envoy found; pip install 'gatewayd[envoy]', or name one with --envoy-path"
    )
    envoy = executable(tmp_path / "envoy")
    assert find_envoy(None) == envoy
