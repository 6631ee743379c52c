import os
from pathlib import Path

import pytest

from gatewayd.manifests import folder_scan
from gatewayd.manifests.folder_scan import Found, is_inside, scan


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "root"
    found.mkdir()
    return found


def look(root: Path, *known: Path) -> Found:
    return scan(str(root), {str(each) for each in known})


def put(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def below(root: Path, paths: frozenset[str]) -> set[str]:
    return {os.path.relpath(each, root) for each in paths}


def test_manifests_and_folders_are_found_hidden_names_are_not(root: Path) -> None:
    put(root / "a.yaml", root / "sub" / "b.json", root / "c.txt", root / ".git" / "d.yaml", root / ".e.yaml")
    found = look(root)
    assert below(root, found.files) == {"a.yaml", "sub/b.json"}
    assert below(root, found.folders) == below(root, found.watched) == {".", "sub"}
    assert (found.outside, found.unreadable, found.excess) == (frozenset(), frozenset(), None)


def test_links_that_lead_out_are_told_of_and_not_followed(root: Path) -> None:
    put(root.parent / "other" / "a.yaml", root.parent / "root-2" / "a.yaml")
    links = {
        "all": "/",
        "parent": "..",
        "other": "../other",
        "neighbour": str(root.parent / "root-2"),
        "a.yaml": "../other/a.yaml",
        "passwd.yaml": "/etc/passwd",
        "absent.yaml": "../absent.yaml",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    (root / "round").symlink_to(f"../{root.name}/other")
    (root / "no-manifest").symlink_to("/etc/passwd")
    found = look(root)
    assert (found.files, below(root, found.folders)) == (frozenset(), {"."})
    assert below(root, found.outside) == {*links, "round"}


def test_links_within_the_folder_are_followed(root: Path) -> None:
    put(root / "..1" / "a.yaml", root / "..1" / "sub" / "c.yaml", root / "real.yaml")
    (root / "..data").symlink_to("..1")
    (root / "a.yaml").symlink_to("..data/a.yaml")
    (root / "b.yaml").symlink_to(root / "real.yaml")
    (root / "sub").symlink_to("..data/sub")
    found = look(root)
    assert below(root, found.files) == {"a.yaml", "b.yaml", "real.yaml", "sub/c.yaml"}
    assert below(root, found.watched) == {".", "sub", "..1", "..1/sub"}
    assert found.outside == frozenset()


def test_a_folder_that_is_a_link_itself_is_a_folder(root: Path) -> None:
    put(root / "a.yaml")
    link = root.parent / "link"
    link.symlink_to(root)
    found = look(link)
    assert (below(link, found.files), found.home) == ({"a.yaml"}, os.path.realpath(root))


def test_a_folder_is_read_by_the_way_that_is_no_link_and_once(root: Path) -> None:
    put(root / "z" / "real" / "a.yaml")
    for name in ("a", "b", "z/up", "z/real/round"):
        (root / name).symlink_to(root / "z" / "real" if "/" not in name else root)
    assert below(root, look(root).files) == {"z/real/a.yaml"}


def test_of_too_many_files_those_that_are_known_stay(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_scan, "FOLDER_FILES", 2)
    put(root / "b.yaml", root / "c.yaml")
    assert look(root).excess is None
    put(root / "a.yaml", root / "d.yaml")
    found = look(root, root / "c.yaml")
    assert below(root, found.files) == {"a.yaml", "c.yaml"}
    assert found.excess is not None
    assert "manifests" in found.excess


def test_a_look_ends_when_there_are_too_many_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_scan, "FOLDER_NAMES", 10)
    put(*(root / f"{number}.txt" for number in range(11)))
    found = look(root)
    assert found.excess is not None
    assert "names" in found.excess


@pytest.mark.parametrize(
    ("path", "home", "inside"),
    [("/a", "/a", True), ("/a/b", "/a", True), ("/ab", "/a", False), ("/", "/a", False), ("/a", "/", True)],
)
def test_inside(path: str, home: str, *, inside: bool) -> None:
    assert is_inside(path, home) is inside
