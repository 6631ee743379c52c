"""Source trees of gatewayd by version: what was released, what stands here, and what a later one might be like.

A tree is a list of folders for PYTHONPATH. A release comes out of git by its commit in `gatewayd/diff/releases.py`.
Each brings the metadata of its version, which the code of a bare tree would not know.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from conformance.build import HERE
from gatewayd.diff.releases import RELEASES

REPOSITORY: Final = HERE.parent
FOLDER: Final = REPOSITORY / ".cache" / "releases"
LAST: Final = RELEASES[-1]
HERE_NOW: Final = "0.8.0"
LATER: Final = "0.9.0"
"""What the tree that stands here, and one whose bytes are others, call themselves: later than every release."""
_CHANGED: Final[Mapping[str, tuple[str, str]]] = {
    "xds/messages/listener.py": (
        "per_socket_event=wrappers_pb2.UInt32Value(value=1)",
        "per_socket_event=wrappers_pb2.UInt32Value(value=2)",
    ),
    "xds/bootstrap.py": ("{DRAIN_FIELD: drain}", '{DRAIN_FIELD: drain, "gatewayd.later": True}'),
}
_ANNOUNCED: Final = """
NEXT = (
    *NEXT,
    UpgradeChange(effect=UpgradeEffect.ROLLS, where="every Gateway's proxies", why="the bootstrap says more"),
    UpgradeChange(effect=UpgradeEffect.DRAINS, where="all TCP listeners", why="two connections a turn"),
)
"""


def search_path(version: str) -> str:
    """Return the PYTHONPATH of a version: the last release, HERE_NOW or LATER."""
    folder = FOLDER / (f"{version}-{LAST.commit[:12]}" if version == LAST.version else version)
    makers = {LAST.version: _archived, HERE_NOW: _here, LATER: _later}
    if not (folder / "done").exists() or version != LAST.version:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        makers[version](folder)
        _metadata(folder, version)
        (folder / "done").touch()
    return os.pathsep.join((str(folder), str(REPOSITORY))) if version == HERE_NOW else str(folder)


def _metadata(folder: Path, version: str) -> None:
    info = folder / f"gatewayd-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: gatewayd\nVersion: {version}\n")


def _archived(folder: Path) -> None:
    command = ("git", "-C", str(REPOSITORY), "archive", "--format=tar", LAST.commit, "gatewayd")
    archive = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(("tar", "-x", "-C", str(folder)), check=True, input=archive)


def _here(_folder: Path) -> None:
    """Add nothing: the code stands in the repository."""


def _later(folder: Path) -> None:
    """Copy the code that stands here, with other bytes of listeners and bootstraps, which it announces."""
    code = folder / "gatewayd"
    shutil.copytree(REPOSITORY / "gatewayd", code, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (before, after) in _CHANGED.items():
        text = (code / name).read_text()
        if before not in text:
            raise ValueError(f"{name} does not say {before!r} any more")
        (code / name).write_text(text.replace(before, after))
    with (code / "diff" / "releases.py").open("a") as table:
        table.write(_ANNOUNCED)
