"""Folders and files of manifests, read once.

In: paths, or bytes from standard input. Out: the objects as Deltas, what is wrong with them, and where each stands.
Helm charts and what `exclude` names are left out: they hold templates, or are for somebody else.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import BinaryIO, Final

from gatewayd.manifests.admission import USUAL, AdmissionRules
from gatewayd.manifests.documents import LIMITS, FileProblem, Parsed, parse_file
from gatewayd.manifests.file_state import UnreadDocument
from gatewayd.manifests.folder import Contents, Folder, UnreadableFile
from gatewayd.manifests.folder_reader import FolderReader
from gatewayd.manifests.member_folders import ClusterFolder
from gatewayd.store import Delta
from gatewayd.untrusted.printable import shown_path

STDIN_NAME: Final = "<stdin>"
_CHART: Final = "Chart.yaml"
"""What makes a folder a Helm chart: https://helm.sh/docs/topics/charts/#the-chart-file-structure"""


class NoManifestsError(Exception):
    """A path does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """What was read. `folder` knows the place of each object; `problems` are errors, `notes` warnings.

    `ignored` is not for gatewayd.
    """

    deltas: tuple[Delta, ...]
    problems: tuple[FileProblem, ...]
    notes: tuple[FileProblem, ...]
    ignored: tuple[UnreadDocument, ...]
    folder: Folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which files are read, and how strictly: `exclude` are patterns of paths below a folder, such as `charts/*`."""

    exclude: tuple[str, ...] = ()
    rules: AdmissionRules = USUAL


EVERYTHING: Final = Choice()


def read_paths(paths: Iterable[Path], choice: Choice = EVERYTHING) -> Manifests:
    """Read folders (recursively) and files; raises NoManifestsError for what is not there."""
    contents: dict[str, Contents] = {}
    charts: list[UnreadDocument] = []
    empty: list[FileProblem] = []
    for path in paths:
        if not path.is_dir():
            contents.update(_file(path))
            continue
        below = dict(_below(path, choice.exclude, charts))
        if not below:
            empty.append(_problem(str(path), "holds no .yaml, .yml or .json file", "NothingToRead"))
        contents.update(below)
    manifests = parse(contents, choice.rules)
    return replace(
        manifests, notes=tuple(sorted((*empty, *manifests.notes))), ignored=tuple(sorted((*charts, *manifests.ignored)))
    )


def read_documents(paths: Iterable[Path]) -> Parsed:
    """Read the documents of folders (recursively) and files as they are; raises NoManifestsError for what is not there.

    Helm charts are left out.
    """
    contents: dict[str, Contents] = {}
    for path in paths:
        contents.update(_below(path, (), []) if path.is_dir() else _file(path))
    parsed = [_documents(file, content) for file, content in contents.items()]
    return Parsed(
        documents=tuple(document for each in parsed for document in each.documents),
        problems=tuple(problem for each in parsed for problem in each.problems),
        values=sum(each.values for each in parsed),
    )


def _documents(file: str, content: Contents) -> Parsed:
    if isinstance(content, bytes):
        return parse_file(shown_path(file), content)
    reason = content.reason if isinstance(content, UnreadableFile) else content.value
    return Parsed(documents=(), problems=(FileProblem(file=shown_path(file), line=0, message=reason),), values=0)


def parse(contents: dict[str, Contents], rules: AdmissionRules = USUAL) -> Manifests:
    """Read texts by the names of their files."""
    folder = ClusterFolder(rules)
    step = folder.step(contents)
    flawed = {problem.file for problem in step.problems}
    empty = (
        _problem(file, "holds no object", "NothingToRead")
        for file, count in folder.documents.items()
        if not count and shown_path(file) not in flawed
    )
    return Manifests(
        deltas=step.deltas,
        problems=step.problems,
        notes=tuple(sorted((*empty, *step.notes))),
        ignored=step.ignored,
        folder=folder,
    )


def read_limited(stream: BinaryIO) -> bytes:
    """Read all of a file, a pipe or standard input, but for what is more than a file may have."""
    return stream.read(LIMITS.file_bytes + 1)


def _below(root: Path, exclude: Sequence[str], charts: list[UnreadDocument]) -> Iterator[tuple[str, Contents]]:
    """Yield the files below a folder that are to be read, and note the Helm charts among them."""
    reader = FolderReader(os.path.abspath(root), str(root))  # noqa: PTH100 (resolve() would follow the links)
    paths = reader.stale_paths()
    folders = {os.path.dirname(path) for path in paths if PurePath(path).name == _CHART}  # noqa: PTH120 (as above)
    tops = {each for each in folders if not any(_is_below(each, other) for other in folders - {each})}
    for chart in sorted(tops):
        shown = f"{root}{chart[len(reader.root) :]}"
        message = f"the Helm chart {shown} is not read; `helm template {shown} | gatewayd check -` checks it"
        charts.append(UnreadDocument(file=shown_path(f"{shown}/{_CHART}"), line=1, message=message))
    wanted = (path for path in paths if not any(_is_below(path, chart) for chart in tops))
    yield from reader.read(
        (path for path in wanted if not _is_excluded(path[len(reader.root) + 1 :], exclude)), 0.0
    ).items()


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder + os.sep)


def _is_excluded(path: str, patterns: Sequence[str]) -> bool:
    """Return whether a path below the root, or a folder that it is in, is like one of the patterns."""
    parts = PurePath(path).parts
    names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(fnmatchcase(name, pattern.rstrip("/")) for pattern in patterns for name in (*names, *parts))


def _file(path: Path) -> Iterator[tuple[str, Contents]]:
    if not path.exists():
        raise NoManifestsError(f"{path}: there is no such file or folder")
    try:
        with path.open("rb") as file:
            yield str(path), read_limited(file)
    except OSError as error:
        yield str(path), UnreadableFile(reason=(error.strerror or str(error)).lower())


def _problem(file: str, message: str, reason: str) -> FileProblem:
    return FileProblem(file=shown_path(file), line=0, message=message, reason=reason)
