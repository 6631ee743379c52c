import shutil
import subprocess
from pathlib import Path

import pytest

from gatewayd.cli.git_revision import NoRevisionError, files_at
from tests.unit.cli.command import Gatewayd


def git(folder: Path, *arguments: str) -> None:
    own = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *own, *arguments], check=True, capture_output=True)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@pytest.fixture
def repository(shop: Path) -> Path:
    git(shop, "init", "-q")
    git(shop, "add", ".")
    git(shop, "commit", "-q", "-m", "a")
    return shop


@needs_git
def test_the_manifests_of_a_revision(repository: Path) -> None:
    before = (repository / "shop.yaml").read_bytes()
    (repository / "shop.yaml").write_text("")
    assert files_at("HEAD", repository) == {"HEAD:shop.yaml": before}
    assert files_at("HEAD", repository / "shop.yaml") == {"HEAD:shop.yaml": before}


@needs_git
@pytest.mark.parametrize("revision", ["nowhere", "--output=x"])
def test_what_is_no_revision(repository: Path, revision: str) -> None:
    with pytest.raises(NoRevisionError):
        files_at(revision, repository)


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(NoRevisionError):
        files_at("HEAD", tmp_path)


@needs_git
def test_diff_takes_a_revision(gatewayd: Gatewayd, repository: Path) -> None:
    text = (repository / "shop.yaml").read_text()
    assert gatewayd("diff", "HEAD", repository, "--exit-code").code == 0
    (repository / "shop.yaml").write_text(text.replace("/cart", "/basket"))
    assert gatewayd("diff", "HEAD", repository).code == 0
    assert gatewayd("diff", "HEAD", repository, "--exit-code").code == 1
    assert gatewayd("diff", "HEAD", repository, "--fail-on", "drain").code == 0
    ran = gatewayd("diff", "HEAD~7", repository)
    assert (ran.code, "no such revision of git" in ran.err) == (1, True)
