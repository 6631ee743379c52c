"""A folder of manifests as Deltas: the contents of files go in, what changed and what is wrong comes out.

No I/O. Invariants:
- Served is, for each object, the document of the first file in path order that has it; without any flawed text this
  equals reading the folder afresh (generations apart).
- A flaw never takes away or changes an object: a document that cannot be read or decoded leaves its last good version
  in place, and a file whose flaw hides which objects it holds keeps all that it had.
- An unchanged object gives no Delta; a changed spec gives generation + 1, as the API server does.
  https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import ObjectKey, Resource
from gatewayd.standalone.admission import Admitted, Identity, Ignored, Refused, admit, with_generation
from gatewayd.standalone.documents import FileProblem, ParsedFile, Place, parse_file
from gatewayd.store import Delta

CLASS_NAME: Final = "gatewayd"
CONTROLLER_NAME: Final = "gatewayd.io/controller"

_STRUCTS: Final = {kind.kind: kind.struct for kind in KINDS}
_NAMESPACED: Final = frozenset(kind.kind for kind in KINDS if kind.namespaced)
_IMPLIED_CLASS: Final = Identity("GatewayClass", ObjectKey("", CLASS_NAME))


class Absence(Enum):
    """Why there are no contents: the file is GONE, or MISSING for a moment, as when an editor replaces it.

    A MISSING file keeps its objects but yields each to any other file that has it too (the file was renamed).
    """

    MISSING = "missing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The contents could not be had, and why; the file keeps its objects."""

    reason: str


Contents = bytes | Absence | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one change of the folder led to: Deltas for the store, and all that is wrong or left unread now."""

    deltas: tuple[Delta, ...]
    problems: tuple[FileProblem, ...]
    ignored: tuple[FileProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An object as a file defines it."""

    obj: Resource
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What is known of one file."""

    entries: Mapping[Identity, _Entry]
    problems: tuple[FileProblem, ...]
    ignored: tuple[FileProblem, ...]
    missing: bool


_NOTHING: Final = _File(entries={}, problems=(), ignored=(), missing=False)


class Folder:
    """The state of one folder: per file its last good objects, and what is served of them all."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._claims: dict[Identity, frozenset[str]] = {}
        self._served: dict[Identity, Resource] = {}
        self._conflicts: dict[Identity, tuple[FileProblem, ...]] = {}
        self._members: Counter[str] = Counter()
        # The few files that have something to tell, so that a step need not look at all of them.
        self._noted: dict[str, _File] = {}

    def step(self, changes: Mapping[str, Contents]) -> Step:
        """Take the new contents of the files that changed, by path; return what follows from all of them together."""
        touched: set[Identity] = {_IMPLIED_CLASS}
        for file in sorted(changes):
            touched |= self._set_file(file, _next(file, self._files.get(file, _NOTHING), changes[file]))
        deltas = self._serve(touched)
        return Step(deltas=deltas, problems=self._all_problems(), ignored=self._all_ignored())

    def place_of(self, identity: Identity) -> Place | None:
        """Return where the served version of an object stands; None for what is implied or unknown."""
        winner = self._winner(identity)
        return None if winner is None else winner.place

    def _set_file(self, file: str, state: _File | None) -> set[Identity]:
        """Store what a file holds now; return the objects that it held or holds."""
        before = self._files.pop(file, _NOTHING)
        after = _NOTHING if state is None else state
        self._noted.pop(file, None)
        if state is not None:
            self._files[file] = state
        if after.problems or after.ignored:
            self._noted[file] = after
        for identity in before.entries.keys() - after.entries.keys():
            self._claims[identity] -= {file}
        for identity in after.entries.keys() - before.entries.keys():
            self._claims[identity] = self._claims.get(identity, frozenset()) | {file}
        return {*before.entries, *after.entries}

    def _winner(self, identity: Identity) -> _Entry | None:
        claimants = self._claimants(identity)
        return self._files[claimants[0]].entries[identity] if claimants else None

    def _claimants(self, identity: Identity) -> list[str]:
        """Return the files that define an object, the one that is served first."""
        return sorted(self._claims.get(identity, ()), key=lambda file: (self._files[file].missing, file))

    def _serve(self, touched: set[Identity]) -> tuple[Delta, ...]:
        """Bring what is served up to date for the objects that may differ."""
        deltas: list[Delta] = []
        namespaces: set[Identity] = set()
        for identity in sorted(touched):
            self._note_conflict(identity)
            winner = self._winner(identity)
            if winner is None:
                self._claims.pop(identity, None)
            if _is_implied_kind(identity):
                namespaces.add(identity)
                continue
            if identity.kind in _NAMESPACED:
                self._members[identity.key.namespace] += (winner is not None) - (identity in self._served)
                namespaces.add(_namespace(identity.key.namespace))
            deltas.extend(self._put(identity, None if winner is None else winner.obj))
        for identity in sorted(namespaces):
            winner = self._winner(identity)
            deltas.extend(self._put(identity, self._implied(identity) if winner is None else winner.obj))
        return tuple(deltas)

    def _implied(self, identity: Identity) -> Resource | None:
        """Return the object that is there without being written: a Namespace in use, the class of gatewayd."""
        document: dict[str, object] = {"metadata": {"name": identity.key.name}}
        if identity == _IMPLIED_CLASS:
            document |= {"apiVersion": "gateway.networking.k8s.io/v1", "spec": {"controllerName": CONTROLLER_NAME}}
        elif identity.kind == "Namespace" and self._members[identity.key.name] > 0:
            document |= {"apiVersion": "v1"}
        else:
            return None
        verdict = admit({"kind": identity.kind, **document})
        return verdict.obj if isinstance(verdict, Admitted) else None

    def _put(self, identity: Identity, obj: Resource | None) -> Iterable[Delta]:
        before = self._served.get(identity)
        if obj is None:
            if before is None:
                return ()
            del self._served[identity]
        else:
            obj = _succeed(before, obj)
            if obj == before:
                return ()
            self._served[identity] = obj
        return (Delta(kind=_STRUCTS[identity.kind], key=identity.key, obj=obj),)

    def _note_conflict(self, identity: Identity) -> None:
        present = [file for file in self._claimants(identity) if not self._files[file].missing]
        places = [self._files[file].entries[identity].place for file in present]
        self._conflicts.pop(identity, None)
        if len(places) > 1:
            self._conflicts[identity] = tuple(_conflict(identity, places[0], place) for place in places[1:])

    def _all_problems(self) -> tuple[FileProblem, ...]:
        in_files = (problem for state in self._noted.values() for problem in state.problems)
        between = (problem for problems in self._conflicts.values() for problem in problems)
        return tuple(sorted({*in_files, *between}))

    def _all_ignored(self) -> tuple[FileProblem, ...]:
        return tuple(sorted(note for state in self._noted.values() for note in state.ignored))


def _next(file: str, before: _File, contents: Contents) -> _File | None:
    """Return what is known of a file after its contents became that."""
    match contents:
        case Absence.GONE:
            return None
        case Absence.MISSING:
            return replace(before, missing=True)
        case Unreadable(reason=reason):
            message = f"cannot be read: {reason}{_still_serving(tuple(sorted(before.entries)))}"
            return replace(before, problems=(FileProblem(file=file, line=1, message=message),), missing=False)
        case bytes():
            return _read(parse_file(file, contents), before)


def _read(parsed: ParsedFile, before: _File) -> _File:
    """Fold the documents of a file over what it held before."""
    entries: dict[Identity, _Entry] = {}
    problems: list[FileProblem] = []
    ignored: list[FileProblem] = []
    # Problems after which we cannot know all objects that the file means to hold.
    blinding = list(parsed.problems)
    for document in parsed.documents:
        verdict, place = admit(document.value), document.place
        match verdict:
            case Ignored():
                ignored.append(FileProblem(file=place.file, line=place.line, message=f"{verdict.what} is not read"))
            case Refused(identity=None):
                blinding.extend(_file_problems(verdict, place, ""))
            case Refused(identity=Identity() as identity):
                kept = before.entries.get(identity) if identity not in entries else None
                if kept is not None:
                    entries[identity] = kept
                problems.extend(_file_problems(verdict, place, _still_serving((identity,) if kept else ())))
            case Admitted(identity=identity, obj=obj) if identity not in entries:
                entries[identity] = _Entry(obj=obj, place=place)
            case Admitted(identity=identity):
                problems.append(_conflict(identity, entries[identity].place, place))
    if blinding:
        hidden = {identity: entry for identity, entry in before.entries.items() if identity not in entries}
        entries |= hidden
        kept_text = _still_serving(tuple(sorted(hidden)))
        problems.extend(
            FileProblem(file=each.file, line=each.line, message=each.message + kept_text) for each in blinding
        )
    return _File(entries=entries, problems=tuple(problems), ignored=tuple(ignored), missing=False)


def _file_problems(refused: Refused, place: Place, suffix: str) -> list[FileProblem]:
    return [
        FileProblem(file=place.file, line=place.line_of(problem.path), message=f"{problem}{suffix}")
        for problem in refused.problems
    ]


def _still_serving(identities: tuple[Identity, ...]) -> str:
    if not identities:
        return ""
    more = f" and {len(identities) - 1} more of this file" if len(identities) > 1 else ""
    return f"; still serving the last good version of {identities[0]}{more}"


def _conflict(identity: Identity, served: Place, loser: Place) -> FileProblem:
    message = f"{identity} stands in {served} too, and that one is served; one of the two must go"
    return FileProblem(file=loser.file, line=loser.line, message=message)


def _succeed(before: Resource | None, obj: Resource) -> Resource:
    """Give `obj` the generation that follows from what was served before it."""
    if before is None:
        return obj
    same = getattr(before, "spec", None) == getattr(obj, "spec", None)
    return with_generation(obj, before.metadata.generation + (0 if same else 1))


def _is_implied_kind(identity: Identity) -> bool:
    return identity.kind == "Namespace" or identity == _IMPLIED_CLASS


def _namespace(name: str) -> Identity:
    return Identity("Namespace", ObjectKey("", name))
