"""One file of the folder: what it defines, what is wrong with it, and how both follow from its new contents.

A flaw never takes away or changes an object: a document that cannot be read or decoded leaves its last good version in
place, and a file whose flaw hides which objects it holds keeps all that it had. Text that has not changed is not read
again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from gatewayd.api.meta import KubernetesObject
from gatewayd.manifests.admission import (
    USUAL,
    AdmissionRules,
    Admitted,
    Flawed,
    Identity,
    Ignored,
    RefusedObject,
    admit,
)
from gatewayd.manifests.documents import LIMITS, FileProblem, Place, Section, parse_section, split_file
from gatewayd.manifests.foreign import Foreign
from gatewayd.untrusted.printable import printable, shown_path


class Absence(Enum):
    """Why there are no contents: the file is GONE, or MISSING for a moment, as when an editor replaces it.

    A MISSING file keeps its objects but yields each to any other file that has it too (the file was renamed).
    """

    MISSING = "missing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableFile:
    """The contents could not be had, and why; the file keeps its objects."""

    reason: str


Contents = bytes | Absence | UnreadableFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An object as a file defines it."""

    obj: KubernetesObject
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class UnreadDocument:
    """A document that gatewayd passes over; `foreign` is the object that it is, None where it is none."""

    file: str
    line: int
    message: str
    foreign: Foreign | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return printable(f"{self.file}:{self.line}: {self.message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSection:
    """The objects of a section without flaws, in order; `values` is what it counts towards the limit of the file."""

    objects: tuple[tuple[Identity, Entry], ...]
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What is known of one file; `read` holds the sections without any flaw by their text.

    `problems` keep something from being served, `notes` do not; `ignored` is not for gatewayd. `documents` counts the
    objects of all sorts that the file holds.
    """

    entries: Mapping[Identity, Entry]
    problems: tuple[FileProblem, ...]
    notes: tuple[FileProblem, ...]
    ignored: tuple[UnreadDocument, ...]
    missing: bool
    documents: int
    read: Mapping[str, ReadSection]


NOTHING: Final = FileState(entries={}, problems=(), notes=(), ignored=(), missing=False, documents=0, read={})


def next_state(path: str, before: FileState, contents: Contents, rules: AdmissionRules = USUAL) -> FileState | None:
    """Return what is known of a file after its contents became that; None when it is gone.

    A failure of ours is that file's trouble: it keeps its objects, and says so.
    """
    file = shown_path(path)
    try:
        return _next_state(file, before, contents, rules)
    except Exception as error:  # noqa: BLE001 (whatever it is, the other files are served)
        message = f"cannot be read: {type(error).__name__}: {error}{_still_serving(tuple(sorted(before.entries)))}"
        return replace(before, problems=(_unreadable(file, message),), missing=False)


def _next_state(file: str, before: FileState, contents: Contents, rules: AdmissionRules) -> FileState | None:
    match contents:
        case Absence.GONE:
            return None
        case Absence.MISSING:
            return replace(before, missing=True)
        case UnreadableFile(reason=reason):
            message = f"cannot be read: {reason}{_still_serving(tuple(sorted(before.entries)))}"
            return replace(before, problems=(_unreadable(file, message),), missing=False)
        case bytes():
            reading = _Reading(before, rules)
            for part in split_file(file, contents):
                if isinstance(part, FileProblem):
                    reading.blinding.append(part)
                else:
                    reading.add(part)
            return reading.result()


def _unreadable(file: str, message: str) -> FileProblem:
    return FileProblem(file=file, line=1, message=message, reason="FileNotReadable")


def conflict(identity: Identity, served: Place, loser: Place) -> FileProblem:
    """Return the problem of an object that is defined in two places."""
    message = f"stands in {served} too, and that one is served; one of the two must go"
    return FileProblem(file=loser.file, line=loser.line, message=message, object=str(identity), reason="DefinedTwice")


class _Reading:
    """The fold over the sections of a file; mutable while it lasts."""

    def __init__(self, before: FileState, rules: AdmissionRules) -> None:
        self._before = before
        self._rules = rules
        self._left = LIMITS.values
        self._entries: dict[Identity, Entry] = {}
        self._problems: list[FileProblem] = []
        self._notes: list[FileProblem] = []
        self._ignored: list[UnreadDocument] = []
        self._read: dict[str, ReadSection] = {}
        self._documents = 0
        # Problems after which we cannot know all objects that the file means to hold.
        self.blinding: list[FileProblem] = []

    def add(self, section: Section) -> None:
        """Take in one section."""
        known = self._before.read.get(section.text)
        if known is None or known.values > self._left:
            known = self._judge(section)
            if known is None:
                return
        self._left -= known.values
        self._documents += len(known.objects)
        self._read[section.text] = known
        for identity, entry in known.objects:
            self._define(identity, Entry(obj=entry.obj, place=entry.place.moved_to(section.line)))

    def result(self) -> FileState:
        """Return what the file holds now."""
        if self.blinding:
            hidden = {
                identity: entry for identity, entry in self._before.entries.items() if identity not in self._entries
            }
            self._entries |= hidden
            kept = _still_serving(tuple(sorted(hidden)))
            self._problems.extend(replace(each, message=each.message + kept) for each in self.blinding)
        return FileState(
            entries=self._entries,
            problems=tuple(self._problems),
            notes=tuple(self._notes),
            ignored=tuple(self._ignored),
            missing=False,
            documents=self._documents,
            read=self._read,
        )

    def _judge(self, section: Section) -> ReadSection | None:
        """Read a section; return its objects if nothing is wrong with it, else take in what there is."""
        parsed = parse_section(section, self._left)
        verdicts = [(admit(document.value, self._rules), document.place) for document in parsed.documents]
        if not parsed.problems and all(isinstance(verdict, Admitted) and not verdict.notes for verdict, _ in verdicts):
            objects = tuple(
                (verdict.identity, Entry(obj=verdict.obj, place=place))
                for verdict, place in verdicts
                if isinstance(verdict, Admitted)
            )
            return ReadSection(objects=objects, values=parsed.values)
        self._left -= parsed.values
        self._documents += len(verdicts)
        self.blinding.extend(parsed.problems)
        for verdict, place in verdicts:
            self._take(verdict, place)
        return None

    def _take(self, verdict: Admitted | RefusedObject | Ignored, place: Place) -> None:
        match verdict:
            case Ignored():
                self._ignored.append(_unread(verdict, place))
            case RefusedObject(identity=None):
                self.blinding.extend(_file_problems(verdict.flaws, place, verdict.subject))
            case RefusedObject(identity=Identity() as identity):
                kept = self._before.entries.get(identity) if identity not in self._entries else None
                if kept is not None:
                    self._entries[identity] = kept
                still = _still_serving((identity,) if kept else ())
                self._problems.extend(_file_problems(verdict.flaws, place, verdict.subject, still))
            case Admitted(identity=identity, obj=obj, notes=notes):
                self._notes.extend(_file_problems(notes, place, str(identity)))
                self._define(identity, Entry(obj=obj, place=place))

    def _define(self, identity: Identity, entry: Entry) -> None:
        first = self._entries.setdefault(identity, entry)
        if first is not entry:
            self._problems.append(conflict(identity, first.place, entry.place))


def _file_problems(flaws: Iterable[Flawed], place: Place, subject: str, suffix: str = "") -> list[FileProblem]:
    return [
        FileProblem(
            file=place.file,
            line=place.line_of(flaw.problem.path),
            message=f"{flaw.problem}{suffix}",
            object=subject,
            reason=flaw.reason.value,
        )
        for flaw in flaws
    ]


def _unread(ignored: Ignored, place: Place) -> UnreadDocument:
    message = f"{ignored.what} is not read"
    return UnreadDocument(file=place.file, line=place.line, message=message, foreign=ignored.foreign)


def _still_serving(identities: tuple[Identity, ...]) -> str:
    if not identities:
        return ""
    more = f" and {len(identities) - 1} more of this file" if len(identities) > 1 else ""
    return f"; still serving the last good version of {identities[0]}{more}"
