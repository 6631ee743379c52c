"""Folders that stand for member clusters: what a folder called `NAME.member` holds is what the member NAME says.

As in a cluster, a Secret among the other manifests declares the member; nobody is asked, so it needs no kubeconfig. In:
files of the whole folder. Out: the step of the folder without them, with the rows of members beside. Another thing than
Services, EndpointSlices and ServiceExports is refused there: a member has no other say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from gatewayd.api.core import Namespace, Secret
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.ir.members import Standing
from gatewayd.manifests.admission import USUAL, AdmissionRules, Identity, Reason
from gatewayd.manifests.documents import FileProblem, Place
from gatewayd.manifests.folder import Contents, Folder, FolderChange
from gatewayd.members.book import READ, Book
from gatewayd.members.declaration import MEMBER_LABEL, MemberDeclaration, RefusedDeclaration, declared
from gatewayd.members.standing_rows import StandingRows
from gatewayd.store import Delta

SUFFIX: Final = ".member"
_RULES: Final = AdmissionRules(envoy_gateway_kinds=True)
"""ServiceExports are read where that is asked for, as others are."""
_IMPLIED: Final = (Namespace, GatewayClass)


def member_of(file: str) -> str:
    """Return which member a file is of, "" for none."""
    folders = PurePath(file).parts[:-1]
    return next((each.removesuffix(SUFFIX) for each in folders if each.endswith(SUFFIX)), "")


class ClusterFolder(Folder):
    """A folder of manifests, with folders of members in it."""

    def __init__(self, rules: AdmissionRules = USUAL) -> None:
        super().__init__(rules)
        self._secrets: dict[ObjectKey, MemberDeclaration | RefusedDeclaration] = {}
        self._clusters: dict[str, _MemberFolder] = {}

    def step(self, changes: Mapping[str, Contents]) -> FolderChange:
        """Take the new contents of the files that changed, those of members too."""
        theirs: dict[str, dict[str, Contents]] = {}
        for file, contents in changes.items():
            theirs.setdefault(member_of(file), {})[file] = contents
        change = super().step(theirs.pop("", {}))
        for delta in change.deltas:
            if delta.kind is Secret and isinstance(delta.key, ObjectKey):
                self._declare(delta.key, delta.obj)
        for name in theirs:
            self._clusters.setdefault(name, _MemberFolder(name))
        steps = [
            member.step(theirs.get(name, {}), self._declaration(name))
            for name, member in sorted(self._clusters.items())
        ]
        return FolderChange(
            deltas=(*change.deltas, *(each for step in steps for each in step.deltas)),
            problems=tuple(
                sorted({*change.problems, *self._refused(), *(each for step in steps for each in step.problems)})
            ),
            notes=tuple(sorted({*change.notes, *(each for step in steps for each in step.notes)})),
            ignored=tuple(sorted({*change.ignored, *(each for step in steps for each in step.ignored)})),
        )

    @property
    def documents(self) -> Mapping[str, int]:
        """How many objects each file holds."""
        of_members = (member.folder.documents for member in self._clusters.values())
        return {file: count for each in (super().documents, *of_members) for file, count in each.items()}

    def _declare(self, key: ObjectKey, obj: object | None) -> None:
        self._secrets.pop(key, None)
        if isinstance(obj, KubernetesObject) and MEMBER_LABEL in obj.metadata.labels:
            declaration = declared(obj.metadata)
            self._secrets[key] = declaration
            if isinstance(declaration, MemberDeclaration):
                self._clusters.setdefault(declaration.cluster, _MemberFolder(declaration.cluster))

    def _declaration(self, cluster: str) -> MemberDeclaration | None:
        """Return the declaration of a member: of several Secrets the first by name counts."""
        found = (each for _, each in sorted(self._secrets.items(), key=lambda item: item[0]))
        return next((each for each in found if isinstance(each, MemberDeclaration) and each.cluster == cluster), None)

    def _refused(self) -> Iterator[FileProblem]:
        for key, declaration in self._secrets.items():
            identity = Identity("Secret", key)
            place = self.place_of(identity)
            if place is not None and isinstance(declaration, RefusedDeclaration):
                for problem in declaration.problems:
                    yield _at(place, identity, str(problem), Reason.FIELD.value)


class _MemberFolder:
    """What one member says, as files."""

    def __init__(self, name: str) -> None:
        self.folder = Folder(_RULES)
        self._name = name
        self._objects: dict[Identity, Delta] = {}
        self._rows: StandingRows | None = None
        self._declaration: MemberDeclaration | None = None
        self._told: FolderChange | None = None

    def step(self, changes: Mapping[str, Contents], declaration: MemberDeclaration | None) -> FolderChange:
        """Take what changed of its files, and what is declared of it now."""
        if self._told is None or changes or declaration != self._declaration:
            self._declaration, self._told = declaration, self._read(changes, declaration)
            return self._told
        return replace(self._told, deltas=())

    def _read(self, changes: Mapping[str, Contents], declaration: MemberDeclaration | None) -> FolderChange:
        change = self.folder.step(changes)
        for delta in change.deltas:
            if delta.kind not in _IMPLIED and isinstance(delta.key, ObjectKey):
                self._objects[Identity(BY_STRUCT[delta.kind].kind, delta.key)] = delta
        if declaration is None:
            book, deltas = None, self._silent()
        else:
            book = Book(declaration)
            deltas = tuple(self._said(book, declaration))
        return replace(
            change,
            deltas=deltas,
            problems=tuple(sorted({*change.problems, *self._problems(book)})),
            notes=tuple(sorted({*change.notes, *self._left_out()})),
        )

    def _said(self, book: Book, declaration: MemberDeclaration) -> Iterator[Delta]:
        for delta in self._objects.values():
            if delta.kind in READ and isinstance(delta.key, ObjectKey):
                for service in book.put(delta.kind, delta.key, delta.obj):
                    book.settle(service)
        if self._rows is None:
            self._rows = StandingRows(declaration)
        yield from self._rows.declare(declaration)
        yield from self._rows.stand(Standing.CURRENT)
        if not book.excess:
            yield from self._rows.swap(book)

    def _silent(self) -> tuple[Delta, ...]:
        rows, self._rows = self._rows, None
        return rows.leave() if rows is not None else ()

    def _left_out(self) -> Iterator[FileProblem]:
        for key, row in self._rows.rows.items() if self._rows is not None else ():
            identity = Identity("ServiceExport", key)
            place = self.folder.place_of(identity)
            if place is not None:
                for said in row.left_out:
                    yield _at(place, identity, f"left out: {said}", "EndpointLeftOut")

    def _problems(self, book: Book | None) -> Iterator[FileProblem]:
        files = sorted(self.folder.documents)
        if files and book is None:
            message = f"no Secret with the label {MEMBER_LABEL}: {self._name} declares this member; it is not read"
            yield FileProblem(file=files[0], line=0, message=message, reason=Reason.DOCUMENT.value)
        elif book is not None and book.excess:
            yield FileProblem(file=files[0], line=0, message=book.excess, reason=Reason.DOCUMENT.value)
        for identity, delta in self._objects.items():
            place = self.folder.place_of(identity)
            if delta.obj is not None and delta.kind not in READ and place is not None:
                message = f"is not read of a member; allowed: {', '.join(each.__name__ for each in READ)}"
                yield _at(place, identity, message, Reason.DOCUMENT.value)


def _at(place: Place, identity: Identity, message: str, reason: str) -> FileProblem:
    """Return what is to be said of an object where it stands."""
    return FileProblem(file=place.file, line=place.line, message=message, object=str(identity), reason=reason)
