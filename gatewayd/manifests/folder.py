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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.manifests.admission import USUAL, AdmissionRules, Admitted, Identity, admit, with_generation
from gatewayd.manifests.documents import FileProblem, Place
from gatewayd.manifests.file_state import (
    NOTHING,
    Absence,
    Contents,
    Entry,
    FileState,
    UnreadableFile,
    UnreadDocument,
    conflict,
    next_state,
)
from gatewayd.own_group import CONTROLLER
from gatewayd.store import Delta

__all__ = ("CLASS_NAME", "Absence", "Contents", "Folder", "FolderChange", "UnreadableFile")
"""With the types that a step takes."""

CLASS_NAME: Final = "gatewayd"

_STRUCTS: Final = {kind.kind: kind.struct for kind in BY_STRUCT.values()}
_NAMESPACED: Final = frozenset(kind.kind for kind in BY_STRUCT.values() if kind.namespaced)
_IMPLIED_CLASS: Final = Identity("GatewayClass", ObjectKey("", CLASS_NAME))


PlaceOf = Callable[[Identity], Place | None]
"""Where the served version of an object stands, as `Folder.place_of` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderChange:
    """What one change of the folder led to: Deltas for the store, and all that is wrong or left unread now.

    `notes` are about objects that are served, `problems` about what is not, or not as it is written.
    """

    deltas: tuple[Delta, ...]
    problems: tuple[FileProblem, ...]
    notes: tuple[FileProblem, ...]
    ignored: tuple[UnreadDocument, ...]


class Folder:
    """The state of one folder: per file its last good objects, and what is served of them all."""

    def __init__(self, rules: AdmissionRules = USUAL) -> None:
        self._rules = rules
        self._files: dict[str, FileState] = {}
        self._claims: dict[Identity, frozenset[str]] = {}
        self._served: dict[Identity, KubernetesObject] = {}
        self._conflicts: dict[Identity, tuple[FileProblem, ...]] = {}
        self._members: Counter[str] = Counter()
        # The few files that have something to tell, so that a step need not look at all of them.
        self._noted: dict[str, FileState] = {}

    def step(self, changes: Mapping[str, Contents]) -> FolderChange:
        """Take the new contents of the files that changed, by path; return what follows from all of them together."""
        touched: set[Identity] = {_IMPLIED_CLASS}
        for file in sorted(changes):
            touched |= self._set_file(
                file, next_state(file, self._files.get(file, NOTHING), changes[file], self._rules)
            )
        deltas = self._serve(touched)
        return FolderChange(
            deltas=deltas, problems=self._all_problems(), notes=self._all_notes(), ignored=self._all_ignored()
        )

    def place_of(self, identity: Identity) -> Place | None:
        """Return where the served version of an object stands; None for what is implied or unknown."""
        winner = self._winner(identity)
        return None if winner is None else winner.place

    @property
    def documents(self) -> Mapping[str, int]:
        """How many objects each file holds, those that are refused or not read included."""
        return {file: state.documents for file, state in self._files.items()}

    def _set_file(self, file: str, state: FileState | None) -> set[Identity]:
        """Store what a file holds now; return the objects for which that may matter."""
        before = self._files.pop(file, NOTHING)
        after = NOTHING if state is None else state
        self._noted.pop(file, None)
        if state is not None:
            self._files[file] = state
        if after.problems or after.notes or after.ignored:
            self._noted[file] = after
        for identity in before.entries.keys() - after.entries.keys():
            self._claims[identity] -= {file}
        for identity in after.entries.keys() - before.entries.keys():
            self._claims[identity] = self._claims.get(identity, frozenset()) | {file}
        names = before.entries.keys() | after.entries.keys()
        if before.missing != after.missing:
            return names
        return {each for each in names if len(self._claims[each]) > 1 or _differs(before, after, each)}

    def _winner(self, identity: Identity) -> Entry | None:
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

    def _implied(self, identity: Identity) -> KubernetesObject | None:
        """Return the object that is there without being written: a Namespace in use, the class of gatewayd."""
        document: dict[str, object] = {"metadata": {"name": identity.key.name}}
        if identity == _IMPLIED_CLASS:
            document |= {"apiVersion": "gateway.networking.k8s.io/v1", "spec": {"controllerName": CONTROLLER}}
        elif identity.kind == "Namespace" and self._members[identity.key.name] > 0:
            document |= {"apiVersion": "v1"}
        else:
            return None
        verdict = admit({"kind": identity.kind, **document})
        return verdict.obj if isinstance(verdict, Admitted) else None

    def _put(self, identity: Identity, obj: KubernetesObject | None) -> Iterable[Delta]:
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
            self._conflicts[identity] = tuple(conflict(identity, places[0], place) for place in places[1:])

    def _all_problems(self) -> tuple[FileProblem, ...]:
        in_files = (problem for state in self._noted.values() for problem in state.problems)
        between = (problem for problems in self._conflicts.values() for problem in problems)
        return tuple(sorted({*in_files, *between}))

    def _all_notes(self) -> tuple[FileProblem, ...]:
        return tuple(sorted(note for state in self._noted.values() for note in state.notes))

    def _all_ignored(self) -> tuple[UnreadDocument, ...]:
        return tuple(sorted(note for state in self._noted.values() for note in state.ignored))


def _differs(before: FileState, after: FileState, identity: Identity) -> bool:
    """Return whether a file has another version of an object than before; one that was not read again is the same."""
    old, new = before.entries.get(identity), after.entries.get(identity)
    return old is None or new is None or old.obj is not new.obj


def _succeed(before: KubernetesObject | None, obj: KubernetesObject) -> KubernetesObject:
    """Give `obj` the generation that follows from what was served before it."""
    if before is None:
        return obj
    same = getattr(before, "spec", None) == getattr(obj, "spec", None)
    return with_generation(obj, before.metadata.generation + (0 if same else 1))


def _is_implied_kind(identity: Identity) -> bool:
    return identity.kind == "Namespace" or identity == _IMPLIED_CLASS


def _namespace(name: str) -> Identity:
    return Identity("Namespace", ObjectKey("", name))
