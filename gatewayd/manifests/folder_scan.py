"""What there is below a folder: the names of its manifests, looked at without reading any.

Links are followed as long as they stay in the folder, as the `..data` of a mounted ConfigMap does
(https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically), so that
nobody who can write a link can have served what is elsewhere on the machine. A folder that can be reached by several
ways is read by the one that is no link.
"""

import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from gatewayd.ir.limits import FOLDER_FILES, FOLDER_NAMES

SUFFIXES: Final = (".yaml", ".yml", ".json")
LEADS_OUT: Final = "it is a link that leads out of the folder; links to what is in the folder are allowed"
_TOO_MANY_NAMES: Final = f"it holds more than {FOLDER_NAMES} names; at most that many are looked at"
_TOO_MANY_FILES: Final = f"it holds more than {FOLDER_FILES} manifests; at most that many are read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at all names found, by path.

    `outside` are links that lead out of the folder, `watched` the folders in which something may happen, `home` is the
    folder without links, and `excess` says what of it is left out.
    """

    home: str
    files: frozenset[str]
    folders: frozenset[str]
    watched: frozenset[str]
    unreadable: frozenset[str]
    outside: frozenset[str]
    excess: str | None


def scan(root: str, known: AbstractSet[str]) -> Found:
    """Look at all names below `root`, those that begin with a dot left out; files that are `known` are not left out."""
    look = _Look(os.path.realpath(root))
    look.all_below(root)
    files, excess = look.files, _TOO_MANY_NAMES if look.is_over else None
    if len(files) > FOLDER_FILES:
        excess = _TOO_MANY_FILES
        files = set(sorted(files, key=lambda path: (path not in known, path))[:FOLDER_FILES])
    return Found(
        home=look.home,
        files=frozenset(files),
        folders=frozenset(look.folders),
        watched=frozenset(look.folders | look.targets),
        unreadable=frozenset(look.unreadable),
        outside=frozenset(look.outside),
        excess=excess,
    )


def is_inside(path: str, home: str) -> bool:
    """Return whether a path without links is `home` or below it."""
    return path == home or path.startswith(home.rstrip(os.sep) + os.sep)


@dataclass(slots=True)
class _Look:
    """The names seen so far."""

    home: str
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    names: int = 0
    seen: set[tuple[int, int]] = field(default_factory=set)
    pending: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.names > FOLDER_NAMES

    def all_below(self, root: str) -> None:
        self.pending = [root]
        while (self.pending or self.linked) and not self.is_over:
            # Links come last, the first by name before the others: so each folder has the same path every time.
            if not self.pending:
                self.linked.sort()
            folder = self.pending.pop() if self.pending else self.linked.pop(0)
            try:
                self._folder(folder)
            except FileNotFoundError:
                continue
            except OSError:
                self.unreadable.add(folder)

    def _folder(self, folder: str) -> None:
        place = os.stat(folder)  # noqa: PTH116 (ten thousand names: Path would double the time)
        if (place.st_dev, place.st_ino) in self.seen:
            return
        self.seen.add((place.st_dev, place.st_ino))
        self.folders.add(folder)
        with os.scandir(folder) as entries:
            for entry in entries:
                self.names += 1
                if self.is_over:
                    return
                if not entry.name.startswith("."):
                    self._entry(entry)

    def _entry(self, entry: os.DirEntry[str]) -> None:
        is_folder = _is_folder(entry)
        if not is_folder and not entry.name.endswith(SUFFIXES):
            return
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if not is_inside(target, self.home):
                self.outside.add(entry.path)
                return
            # Where the target is hidden nothing else would tell of its changes.
            self.targets.add(target if is_folder else os.path.dirname(target))  # noqa: PTH120 (as above)
        if not is_folder:
            self.files.add(entry.path)
        elif entry.is_symlink():
            self.linked.append(entry.path)
        else:
            self.pending.append(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symlink to itself
        return False
