"""What code a figure is of: every result that is published carries it.

`gatewayd` is git's own name for the contents of the folder `gatewayd/` as it lies on the disk, committed or not:
`git rev-parse COMMIT:gatewayd` of a commit with the same contents. Two results with the same one are of the same code.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final, TypedDict

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = "gatewayd"
UNKNOWN: Final = ""
"""Of a tree that git knows nothing of, such as an archive."""

_DIGITS: Final = 12
"""Of a hash: enough to be the only one, and short enough to be read."""


class Provenance(TypedDict):
    """`commit` is the last one, `gatewayd` the contents of the folder."""

    commit: str
    gatewayd: str


def provenance(root: Path = ROOT) -> Provenance:
    """Return what code is on the disk now."""
    return {"commit": _said(root, "rev-parse", "HEAD")[:_DIGITS], "gatewayd": _contents(root)[:_DIGITS]}


def _contents(root: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        index = {**os.environ, "GIT_INDEX_FILE": f"{folder}/index"}
        _said(root, "add", "--all", FOLDER, environment=index)
        return _said(root, "write-tree", f"--prefix={FOLDER}/", environment=index)


def _said(root: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    try:
        found = subprocess.run(
            ("git", *arguments), cwd=root, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return UNKNOWN
    return found.stdout.strip() if found.returncode == 0 else UNKNOWN
