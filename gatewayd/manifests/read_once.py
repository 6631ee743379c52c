"""Folders and files of manifests, read once.

In: paths, or bytes from standard input. Out: the objects as Deltas, what is wrong with them, and where each stands.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from gatewayd.manifests.documents import LIMITS, FileProblem
from gatewayd.manifests.folder import Contents, Folder, UnreadableFile
from gatewayd.manifests.folder_reader import FolderReader
from gatewayd.store import Delta

STDIN_NAME: Final = "<stdin>"


class NoManifestsError(Exception):
    """A path does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """What was read. `folder` knows the place of each object; `problems` are errors, `ignored` are not."""

    deltas: tuple[Delta, ...]
    problems: tuple[FileProblem, ...]
    ignored: tuple[FileProblem, ...]
    folder: Folder


def read_paths(paths: Iterable[Path]) -> Manifests:
    """Read folders (recursively) and files; raises NoManifestsError for what is not there."""
    contents: dict[str, Contents] = {}
    for path in paths:
        contents.update(_contents(path))
    return parse(contents)


def parse(contents: dict[str, Contents]) -> Manifests:
    """Read texts by the names of their files."""
    folder = Folder()
    step = folder.step(contents)
    return Manifests(deltas=step.deltas, problems=step.problems, ignored=step.ignored, folder=folder)


def read_limited(stream: BinaryIO) -> bytes:
    """Read all of a file, a pipe or standard input, but for what is more than a file may have."""
    return stream.read(LIMITS.file_bytes + 1)


def _contents(path: Path) -> Iterator[tuple[str, Contents]]:
    if path.is_dir():
        reader = FolderReader(os.path.abspath(path), str(path))  # noqa: PTH100 (resolve() would follow the links)
        yield from reader.read(reader.stale_paths(), 0.0).items()
    elif path.exists():
        try:
            with path.open("rb") as file:
                yield str(path), read_limited(file)
        except OSError as error:
            yield str(path), UnreadableFile(reason=(error.strerror or str(error)).lower())
    else:
        raise NoManifestsError(f"{path}: there is no such file or folder")
