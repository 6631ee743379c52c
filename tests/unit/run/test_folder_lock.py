import os
from pathlib import Path

import pytest

from gatewayd.run.folder_lock import FolderServedError, folder_lock


def test_a_folder_is_served_once(tmp_path: Path) -> None:
    with folder_lock(tmp_path), pytest.raises(FolderServedError) as error, folder_lock(tmp_path):
        pass
    assert str(error.value).startswith(f"{tmp_path}: another gatewayd serves it already (process {os.getpid()})")


def test_what_has_ended_holds_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with folder_lock(tmp_path):
            assert list(tmp_path.iterdir()) == []


def test_other_folders_are_free(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with folder_lock(tmp_path), folder_lock(tmp_path / "a"), folder_lock(tmp_path / "none"):
        pass
