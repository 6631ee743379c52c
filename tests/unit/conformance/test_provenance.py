"""What code a result is of."""

import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.provenance import provenance

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example")
    found = subprocess.run(("git", *identity, *arguments), cwd=root, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def tree(root: Path) -> Path:
    git(root, "init", "--quiet")
    (root / "gatewayd").mkdir()
    (root / "gatewayd" / "a.py").write_text("one", encoding="utf-8")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    return root


@needs_git
def test_it_is_gits_own_name_for_the_folder(tmp_path: Path) -> None:
    root = tree(tmp_path)
    found = provenance(root)
    assert git(root, "rev-parse", "HEAD").startswith(found["commit"])
    assert git(root, "rev-parse", "HEAD:gatewayd").startswith(found["gatewayd"])
    assert len(found["commit"]) == len(found["gatewayd"]) == 12


@needs_git
def test_what_is_not_committed_counts_and_what_is_elsewhere_does_not(tmp_path: Path) -> None:
    root = tree(tmp_path)
    before = provenance(root)
    (root / "README.md").write_text("two", encoding="utf-8")
    assert provenance(root) == before
    (root / "gatewayd" / "b.py").write_text("two", encoding="utf-8")
    after = provenance(root)
    assert (after["commit"], git(root, "status", "--short", "gatewayd")) == (before["commit"], "?? gatewayd/b.py")
    assert after["gatewayd"] != before["gatewayd"]


def test_an_archive_has_neither(tmp_path: Path) -> None:
    (tmp_path / "gatewayd").mkdir()
    assert provenance(tmp_path) == {"commit": "", "gatewayd": ""}
