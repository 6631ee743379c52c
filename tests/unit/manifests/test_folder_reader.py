import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from gatewayd.manifests import folder_reader, folder_scan
from gatewayd.manifests.documents import LIMITS
from gatewayd.manifests.folder import Absence, Contents, UnreadableFile
from gatewayd.manifests.folder_reader import GRACE, FolderReader, any_being_written
from gatewayd.manifests.folder_scan import LEADS_OUT


def reader_of(root: Path) -> FolderReader:
    return FolderReader(str(root), "shown")


def look(reader: FolderReader, now: float = 0.0) -> dict[str, Contents]:
    return reader.read(reader.stale_paths(), now)


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text)


def test_only_manifests_are_read_hidden_names_and_editors_files_are_not(tmp_path: Path) -> None:
    for name in (
        *("a.yaml", "b.yml", "c.json", "sub/deep/d.yaml", "dir.yaml/e.yaml"),
        *(
            "x.txt",
            "a.yaml~",
            "#a.yaml#",
            ".#a.yaml",
            ".a.yaml.swp",
            "a.yaml.orig",
            ".git/f.yaml",
            ".hidden.yaml",
            "4913",
        ),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert sorted(look(reader_of(tmp_path))) == [
        "shown/a.yaml",
        "shown/b.yml",
        "shown/c.json",
        "shown/dir.yaml/e.yaml",
        "shown/sub/deep/d.yaml",
    ]


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    write(tmp_path, a="1", b="2")
    assert look(reader) == {"shown/a.yaml": b"1", "shown/b.yaml": b"2"}
    assert look(reader) == {}
    write(tmp_path, b="three")
    assert reader.read([str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")], 0.0) == {"shown/b.yaml": b"three"}


def test_a_vanished_file_is_missing_and_then_gone(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    write(tmp_path, a="1")
    look(reader)
    (tmp_path / "a.yaml").unlink()
    assert look(reader, 10.0) == {"shown/a.yaml": Absence.MISSING}
    assert reader.overdue(10.0) == frozenset()
    assert look(reader, 10.0 + GRACE / 2) == {}
    assert reader.overdue(10.0 + GRACE) == {str(tmp_path / "a.yaml")}
    assert look(reader, 10.0 + GRACE) == {"shown/a.yaml": Absence.GONE}
    assert look(reader, 20.0) == {}


def test_a_file_that_comes_back_in_time_is_never_gone(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    write(tmp_path, a="1")
    look(reader)
    (tmp_path / "a.yaml").rename(tmp_path / "kept")
    assert look(reader) == {"shown/a.yaml": Absence.MISSING}
    (tmp_path / "kept").rename(tmp_path / "a.yaml")
    assert look(reader) == {"shown/a.yaml": b"1"}
    assert look(reader, 99.0) == {}


def test_an_emptied_file_is_missing_and_then_empty(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    write(tmp_path, a="1", b="")
    assert look(reader) == {"shown/a.yaml": b"1"}
    write(tmp_path, a="")
    assert look(reader) == {"shown/a.yaml": Absence.MISSING}
    assert look(reader) == {}
    assert look(reader, GRACE) == {"shown/a.yaml": b""}
    assert look(reader, 2 * GRACE) == {}
    write(tmp_path, a="2")
    assert look(reader) == {"shown/a.yaml": b"2"}


def test_nothing_is_believed_while_the_folder_is_gone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    reader = reader_of(root)
    write(root, a="1")
    look(reader)
    root.rename(tmp_path / "away")
    assert look(reader, 0.0) == {}
    assert look(reader, 99.0) == {}
    (tmp_path / "away").rename(root)
    assert look(reader, 100.0) == {}


def test_a_swapped_symlink_is_a_change(tmp_path: Path) -> None:
    """As in a mounted ConfigMap: the file links to ..data/a.yaml, and ..data to the current version."""
    for version in ("..1", "..2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "a.yaml").write_text(version)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    reader = reader_of(tmp_path)
    assert look(reader) == {"shown/a.yaml": b"..1"}
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert reader.concerned([str(tmp_path / "..data")]) is None
    assert look(reader) == {"shown/a.yaml": b"..2"}


def test_links_in_circles_and_to_nothing_are_harmless(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "none.yaml").symlink_to("nowhere")
    (tmp_path / "self.yaml").symlink_to("self.yaml")
    write(tmp_path, a="1")
    changes = look(reader_of(tmp_path))
    assert changes["shown/a.yaml"] == b"1"
    assert isinstance(changes["shown/self.yaml"], UnreadableFile)
    assert len(changes) == 2


def test_a_link_that_leads_out_keeps_what_was_there_and_is_mended(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    write(tmp_path, secret="2")
    write(root, a="1", b="3")
    reader = reader_of(root)
    assert look(reader) == {"shown/a.yaml": b"1", "shown/b.yaml": b"3"}
    (root / "a.yaml").unlink()
    (root / "a.yaml").symlink_to("../secret.yaml")
    assert look(reader) == {"shown/a.yaml": UnreadableFile(reason=LEADS_OUT)}
    assert look(reader) == {}
    (root / "a.yaml").unlink()
    (root / "a.yaml").symlink_to("b.yaml")
    assert look(reader) == {"shown/a.yaml": b"3"}


def test_a_folder_that_leads_out_is_a_problem_until_it_is_gone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "all").symlink_to("/")
    reader = reader_of(root)
    assert look(reader) == {"shown/all": UnreadableFile(reason=LEADS_OUT)}
    (root / "all").unlink()
    assert look(reader) == {"shown/all": Absence.GONE}
    assert look(reader) == {}


def test_a_link_that_came_after_the_look_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    write(tmp_path, a="secret")
    write(root / "sub", a="1")
    reader = reader_of(root)
    stale = reader.stale_paths()
    (root / "sub").rename(root / "old")
    (root / "sub").symlink_to(tmp_path)
    assert reader.read(stale, 0.0) == {"shown/sub/a.yaml": UnreadableFile(reason=LEADS_OUT)}


def test_all_files_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_reader, "FOLDER_BYTES", 10)
    write(tmp_path, a="12345", b="12345", c="1")
    reader = reader_of(tmp_path)
    found = look(reader)
    assert (found["shown/a.yaml"], found["shown/b.yaml"]) == (b"12345", b"12345")
    too_large = found["shown/c.yaml"]
    assert isinstance(too_large, UnreadableFile)
    assert "bytes" in too_large.reason
    write(tmp_path, a="1")
    assert look(reader) == {"shown/a.yaml": b"1", "shown/c.yaml": b"1"}
    write(tmp_path, b="1234567890")
    assert look(reader) == {"shown/b.yaml": UnreadableFile(reason=too_large.reason)}
    (tmp_path / "b.yaml").unlink()
    look(reader)
    write(tmp_path, d="12345678")
    assert look(reader)["shown/d.yaml"] == b"12345678"


def test_what_is_left_out_is_told_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_scan, "FOLDER_FILES", 1)
    write(tmp_path, a="1", b="2")
    reader = reader_of(tmp_path)
    found = look(reader)
    assert found["shown/a.yaml"] == b"1"
    assert isinstance(found["shown"], UnreadableFile)
    assert look(reader) == {}
    (tmp_path / "b.yaml").unlink()
    assert look(reader) == {"shown": Absence.GONE}


def test_what_happens_where_a_link_leads_is_seen(tmp_path: Path) -> None:
    (tmp_path / ".store").mkdir()
    write(tmp_path / ".store", a="1")
    (tmp_path / "a.yaml").symlink_to(".store/a.yaml")
    reader = reader_of(tmp_path)
    assert look(reader) == {"shown/a.yaml": b"1"}
    assert reader.concerned([str(tmp_path / ".store" / "a.yaml")]) is None
    assert reader.concerned([str(tmp_path / ".git" / "a.yaml")]) == frozenset()


def test_pipes_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    reader = reader_of(tmp_path)
    assert look(reader) == {"shown/a.yaml": UnreadableFile(reason="not a regular file")}
    assert look(reader) == {}
    (tmp_path / "a.yaml").unlink()
    write(tmp_path, a="1")
    assert look(reader) == {"shown/a.yaml": b"1"}


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(LIMITS.file_bytes * 100)
    (contents,) = look(reader_of(tmp_path)).values()
    assert isinstance(contents, bytes)
    assert len(contents) == LIMITS.file_bytes + 1


def test_what_may_not_be_read_keeps_what_it_had(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub", a="1")
    write(tmp_path, b="2")
    reader = reader_of(tmp_path)
    look(reader)
    (tmp_path / "sub").chmod(0)
    (tmp_path / "b.yaml").chmod(0)
    if os.access(tmp_path / "b.yaml", os.R_OK):
        pytest.skip("this user may read everything")
    denied = UnreadableFile(reason="permission denied")
    assert look(reader) == {"shown/b.yaml": denied, "shown/sub": denied, "shown/sub/a.yaml": denied}
    (tmp_path / "sub").chmod(0o700)
    (tmp_path / "b.yaml").chmod(0o600)
    assert look(reader) == {"shown/b.yaml": b"2", "shown/sub": Absence.GONE, "shown/sub/a.yaml": b"1"}


@pytest.mark.parametrize(
    ("events", "concerned"),
    [
        (["a.yaml"], ["a.yaml"]),
        (["a.yaml", ".a.yaml.swp", "notes.txt", "4913"], ["a.yaml"]),
        (["new/.git/index.yaml"], []),
        (["absent.yaml"], ["absent.yaml"]),
        (["absent"], []),
        (["sub"], None),
        (["formerly"], None),
        (["link.yaml"], None),
        (["..data"], None),
    ],
)
def test_which_files_an_event_is_about(tmp_path: Path, events: Iterable[str], concerned: list[str] | None) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "formerly").mkdir()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    write(tmp_path, a="1")
    reader = reader_of(tmp_path)
    look(reader)
    (tmp_path / "formerly").rmdir()
    expected = None if concerned is None else frozenset(str(tmp_path / name) for name in concerned)
    assert reader.concerned(str(tmp_path / name) for name in events) == expected
    assert reader.concerned([str(tmp_path)]) is None


def test_a_file_that_is_open_for_writing_is_being_written(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    path = str(tmp_path / "a.yaml")
    assert not any_being_written([path, str(tmp_path / "none.yaml")])
    with (tmp_path / "a.yaml").open("a"):
        assert any_being_written([path])
    with (tmp_path / "a.yaml").open():
        assert not any_being_written([path])
    write(tmp_path, a="2")
