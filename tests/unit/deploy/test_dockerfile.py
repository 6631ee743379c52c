"""What the image is made of is pinned by its content, and says what it is."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import dockerfile

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = ("image.txt", "build.txt")
PIN = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)")


def pins(name: str) -> Iterator[re.Match[str]]:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.splitlines():
        found = PIN.fullmatch(re.sub(r" +", " ", line).strip())
        assert found is not None, line
        yield found


def steps(word: str) -> list[str]:
    return [rest for each, rest in dockerfile.instructions() if each == word]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", PINS)
def test_every_line_is_a_version_and_its_hashes(name: str) -> None:
    assert len(list(pins(name))) > 20


def test_the_image_has_the_versions_that_are_tested() -> None:
    constraints = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    tested = {normal(name): version for name, version in constraints.items()}
    assert {normal(each["name"]): each["version"] for each in pins("image.txt")}.items() <= tested.items()


def test_what_is_required_is_pinned() -> None:
    required = {normal(re.split(r"[>=<~!; \[]", each)[0]) for each in PROJECT["project"]["dependencies"]}
    assert required <= {normal(each["name"]) for each in pins("image.txt")}
    assert {"hatchling", "cyclonedx-bom"} <= {each["name"] for each in pins("build.txt")}


def test_nothing_is_installed_that_is_not_pinned() -> None:
    installs = [each for each in steps("RUN") if " pip install " in each or " pip wheel " in each]
    assert len(installs) == 4
    for each in installs:
        assert "--require-hashes" in each or "--no-deps" in each
        assert "pip wheel" not in each or "--no-build-isolation" in each


def test_labels_say_what_it_is() -> None:
    labels = dict(part.split("=", 1) for rest in steps("LABEL") for part in shlex.split(rest))
    prefix = "org.opencontainers.image."
    assert all(name.startswith(prefix) for name in labels)
    project = PROJECT["project"]
    assert labels[f"{prefix}title"] == project["name"]
    assert labels[f"{prefix}version"] == project["version"]
    assert labels[f"{prefix}description"] == project["description"]
    assert labels[f"{prefix}licenses"] == project["license"]
    assert labels[f"{prefix}base.name"] == "${BASE}"


def test_both_stages_have_the_base_that_a_release_names_by_its_digest() -> None:
    assert steps("FROM") == ["${BASE} AS build", "${BASE}"]
    assert steps("ARG")[0].startswith("BASE=docker.io/library/python:")
