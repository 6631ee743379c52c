"""What stands of a member: what it said last, until it is known to say something else.

Unknown is not empty. Rows that were kept over a restart, or that an earlier watch led to, stay until a watch has listed
everything once; from then on what it says counts, what is gone goes. What a member is no longer allowed goes at once.
No I/O, no clock.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.members import Exported, ExportedPort, ExportKey, MemberCluster, Standing
from gatewayd.members.book import Book
from gatewayd.members.declaration import MemberDeclaration
from gatewayd.store import Delta


class StandingRows:
    """The rows of one member. Every method returns what of them is to change in the store."""

    def __init__(self, declaration: MemberDeclaration) -> None:
        self.declaration = declaration
        self.rows: dict[ObjectKey, Exported] = {}
        self._standing: MemberCluster | None = None

    def restore(self, kept: Mapping[ObjectKey, Exported]) -> tuple[Delta, ...]:
        """Begin with what the member said before this process began, as far as it is allowed today."""
        return tuple(self._replace({key: self._allowed(row) for key, row in kept.items()}, kept))

    def stand(self, standing: Standing) -> tuple[Delta, ...]:
        """Say how far what is known is what is so."""
        row = self.declaration.row(standing)
        if row == self._standing:
            return ()
        self._standing = row
        return (Delta(kind=MemberCluster, key=self.declaration.cluster, obj=row),)

    def declare(self, declaration: MemberDeclaration) -> tuple[Delta, ...]:
        """Take another declaration: what it does not allow any more goes."""
        self.declaration = declaration
        standing = self._standing.standing if self._standing is not None else Standing.KEPT
        narrowed = {key: self._allowed(row) for key, row in self.rows.items()}
        return (*self.stand(standing), *self._replace(narrowed, self.rows.keys()))

    def swap(self, book: Book) -> tuple[Delta, ...]:
        """Take all that a watch has listed for what is so."""
        return tuple(self._replace(book.rows, (*self.rows, *book.rows)))

    def follow(self, book: Book, changed: Iterable[ObjectKey]) -> tuple[Delta, ...]:
        """Take what a watch that has listed everything has heard of some Services."""
        return tuple(self._replace(book.rows, changed))

    def leave(self) -> tuple[Delta, ...]:
        """Take everything back."""
        self._standing = None
        gone = Delta(kind=MemberCluster, key=self.declaration.cluster, obj=None)
        return (*self._replace({}, tuple(self.rows)), gone)

    def _replace(self, after: Mapping[ObjectKey, Exported | None], keys: Iterable[ObjectKey]) -> Iterator[Delta]:
        for key in tuple(dict.fromkeys(keys)):
            row = after.get(key)
            if row == self.rows.get(key):
                continue
            if row is None:
                del self.rows[key]
            else:
                self.rows[key] = row
            yield Delta(kind=Exported, key=ExportKey(self.declaration.cluster, *key), obj=row)

    def _allowed(self, row: Exported) -> Exported | None:
        """Return what of a row is allowed today."""
        if row.namespace not in self.declaration.namespaces:
            return None
        ports = tuple(map(self._allowed_port, row.ports))
        return row if ports == row.ports else replace(row, ports=ports)

    def _allowed_port(self, port: ExportedPort) -> ExportedPort:
        good = tuple(each for each in port.endpoints if not self.declaration.problem_of(each.address))
        return port if good == port.endpoints else replace(port, endpoints=good)
