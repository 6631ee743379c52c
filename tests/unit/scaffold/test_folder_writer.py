from pathlib import Path

import pytest

from gatewayd.scaffold.folder_writer import FilesInTheWayError, write_beside, write_new


def test_files_go_into_a_new_folder(tmp_path: Path) -> None:
    assert write_new(tmp_path / "a" / "b", {"x.yaml": "1"}) == (tmp_path / "a" / "b" / "x.yaml",)
    assert (tmp_path / "a" / "b" / "x.yaml").read_text() == "1"


def test_nothing_is_written_beside_manifests(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("")

    with pytest.raises(FilesInTheWayError, match=r"has manifests already \(mine.yml\)"):
        write_new(tmp_path, {"x.yaml": "1"})


def test_other_files_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("")

    assert write_new(tmp_path, {"x.yaml": "1"})


def test_kept_files_stay_and_others_are_written_anew(tmp_path: Path) -> None:
    write_beside(tmp_path, {"kept.yaml": "1", "new.yaml": "1"}, kept=("kept.yaml",))

    assert write_beside(tmp_path, {"kept.yaml": "2", "new.yaml": "2"}, kept=("kept.yaml",)) == (tmp_path / "new.yaml",)
    assert [(tmp_path / name).read_text() for name in ("kept.yaml", "new.yaml")] == ["1", "2"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("")

    with pytest.raises(FilesInTheWayError, match="has manifests of something else"):
        write_beside(tmp_path, {"x.yaml": "1"}, kept=())


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FilesInTheWayError, match="cannot be written"):
        write_new(tmp_path / "file" / "sub", {"x.yaml": "1"})


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    folder, other = tmp_path / "gateway", tmp_path / "precious"
    folder.mkdir()
    other.write_text("mine")
    (folder / "a.yaml").symlink_to(other)

    with pytest.raises(FilesInTheWayError, match="cannot be written"):
        write_beside(folder, {"a.yaml": "new"}, kept=())
    assert other.read_text() == "mine"
