"""Manifests as a revision of git has them, read without touching the working tree.

In: a revision and a folder or file of a repository. Out: texts by name, or `NoRevisionError` with git's words.
"""

import io
import subprocess
import tarfile
from pathlib import Path

from gatewayd.ir.limits import FOLDER_BYTES, FOLDER_FILES
from gatewayd.manifests.folder_scan import SUFFIXES


class NoRevisionError(Exception):
    """Git does not know the revision, the folder is in no repository, or there is no git."""


def files_at(revision: str, place: Path) -> dict[str, bytes]:
    """Return the manifests of a folder, or one file, at a revision, by `REVISION:path`; raises NoRevisionError."""
    folder, name = (place, ".") if place.is_dir() else (place.parent, place.name)
    if revision.startswith("-"):
        raise NoRevisionError("a revision does not begin with a dash")
    try:
        archive = subprocess.run(
            ["git", "-C", str(folder), "archive", "--format=tar", revision, "--", name],
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise NoRevisionError(f"git: {error.strerror}") from error
    if archive.returncode:
        raise NoRevisionError(archive.stderr.decode(errors="replace").strip())
    texts: dict[str, bytes] = {}
    left = FOLDER_BYTES
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        for member in tar:
            if not member.isfile() or not member.name.endswith(SUFFIXES) or _is_hidden(member.name):
                continue
            left -= member.size
            file = tar.extractfile(member)
            if left < 0 or len(texts) >= FOLDER_FILES or file is None:
                raise NoRevisionError(f"{revision} has more manifests than are read")
            texts[f"{revision}:{member.name}"] = file.read()
    return texts


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in Path(name).parts)
