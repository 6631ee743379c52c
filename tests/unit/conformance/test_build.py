"""Which releases of Kubernetes the cluster can be of, and what their programs are made of."""

import re

import pytest

from conformance.build import HERE, RELEASES, BuildError, Kubernetes, kubernetes


def modules(release: Kubernetes) -> str:
    return (HERE / "cluster" / release.modules).read_text(encoding="utf-8")


def test_without_a_choice_it_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES", raising=False)
    assert kubernetes() == next(iter(RELEASES.values()))
    assert [each.is_default for each in RELEASES.values()] == [True] + [False] * (len(RELEASES) - 1)


@pytest.mark.parametrize("minor", RELEASES)
def test_the_environment_chooses(minor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES", minor)
    assert kubernetes().minor == minor


def test_a_release_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES", "1.12")
    with pytest.raises(BuildError, match=r"^KUBERNETES=1\.12: no release .*; there are 1\.36, 1\.37$"):
        kubernetes()


@pytest.mark.parametrize("release", RELEASES.values(), ids=lambda release: release.minor)
def test_its_modules_are_of_the_version_that_its_programs_tell(release: Kubernetes) -> None:
    assert re.search(rf"^\tk8s\.io/kubernetes {re.escape(release.version)}$", modules(release), re.MULTILINE)
    parts = set(re.findall(r"k8s\.io/[\w-]+ => k8s\.io/[\w-]+ (\S+)", modules(release)))
    assert parts == {release.version.replace("v1.", "v0.", 1)}
    assert release.version.startswith(f"v{release.minor}.")
    assert f"gitVersion={release.version} " in release.stamp
    assert release.stamp.endswith(f"gitMinor={release.minor.removeprefix('1.')}")


def test_the_newest_two_minors_are_there() -> None:
    minors = sorted(int(each.removeprefix("1.")) for each in RELEASES)
    assert minors == list(range(minors[0], minors[0] + len(minors)))
    assert len(minors) == 2
