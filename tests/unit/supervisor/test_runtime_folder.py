import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.supervisor.runtime_folder import runtime_folder, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def private() -> Iterator[Path]:
    """Give a folder like $XDG_RUNTIME_DIR: of this user alone, and with a short path."""
    with tempfile.TemporaryDirectory(prefix="x") as folder:
        yield Path(folder)


def test_the_folder_is_private_and_goes_away(private: Path) -> None:
    with runtime_folder(private) as folder:
        assert folder.parent == private
        assert mode(folder) == 0o700
        (folder / "left").touch()
    assert not folder.exists()


def test_two_runs_do_not_meet(private: Path) -> None:
    with runtime_folder(private) as one, runtime_folder(private) as other:
        assert one != other


def test_a_folder_that_others_may_enter_is_passed_over(private: Path) -> None:
    private.chmod(0o755)
    with runtime_folder(private) as folder:
        assert folder.parent == Path(tempfile.gettempdir())
        assert mode(folder) == 0o700


def test_a_folder_that_does_not_exist_or_is_too_deep_for_sockets_is_passed_over(private: Path) -> None:
    deep = private / ("d" * 100)
    deep.mkdir(mode=0o700)
    for preferred in (None, private / "none", deep):
        with runtime_folder(preferred) as folder:
            assert folder.parent == Path(tempfile.gettempdir())


def test_private_files_are_private_from_the_start(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        write_private(tmp_path / "key", b"1")
        assert mode(tmp_path / "key") == 0o600
        (tmp_path / "key").chmod(0o644)
        write_private(tmp_path / "key", b"2")
    finally:
        os.umask(umask)
    assert mode(tmp_path / "key") == 0o600
    assert (tmp_path / "key").read_bytes() == b"2"


def test_a_planted_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / "key").symlink_to("target")
    write_private(tmp_path / "key", b"1")
    assert (tmp_path / "target").read_text() == "kept"
