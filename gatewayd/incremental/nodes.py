"""The graph: inputs, query values, buckets, collections. A change marks its readers; nothing is computed until read.

A node is CLEAN (its value is up to date), CHECK (something that it depends on may have changed) or DIRTY (something
that it read did change). Marks travel from a node to its readers; a recomputed value that equals the old one ends that.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from gatewayd.incremental.rows import SortedRows
from gatewayd.incremental.small_set import NONE, listed, members, ordered, whole, with_member, without
from gatewayd.incremental.view import Index, Member, Query, Table

CLEAN, CHECK, DIRTY, RUNNING = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueryFailure:
    """The value of a query that raised: reading it raises the exception again."""

    error: Exception
    trace: TracebackType | None


def failure(error: Exception) -> QueryFailure:
    """Return the value of a query that raised `error`."""
    return QueryFailure(error=error, trace=error.__traceback__)


def answer(value: Any) -> Any:
    """Return the value of a query, or raise its exception again."""
    if type(value) is QueryFailure:
        # Each reader would add to the traceback, which must not grow as long as the failure lasts.
        raise value.error.with_traceback(value.trace)
    return value


class Node:
    """A value that others read and depend on.

    There are dozens of them for each object of the cluster, so they are kept small: most have one reader, and only
    those that are computed have a state of their own.
    """

    __slots__ = ("_readers",)
    state = CLEAN
    value: Any = None

    def __init__(self) -> None:
        self._readers: Any = NONE

    @property
    def readers(self) -> "tuple[Reader, ...]":
        """Return the readers of this node, in the order in which they were added."""
        return listed(self._readers)

    @property
    def is_read(self) -> bool:
        """Return whether this node has a reader."""
        return self._readers is not NONE

    def join(self, reader: "Reader") -> None:
        """Add a reader, if it is not one already."""
        readers = self._readers
        self._readers = reader if readers is NONE else with_member(readers, reader)

    def part(self, reader: "Reader") -> None:
        """Remove a reader, if it is one."""
        self._readers = without(self._readers, reader)

    def changed(self) -> None:
        """Notify the readers that the value has changed."""
        if self._readers is not NONE:
            for reader in listed(self._readers):
                reader.invalidate(self, DIRTY)


class Reader(Node):
    """A node that reads others."""

    __slots__ = ("state", "value")

    def __init__(self) -> None:
        super().__init__()
        self.state = CLEAN
        self.value: Any = None

    def invalidate(self, _source: Node, level: int) -> None:
        """Record that `_source` changed (DIRTY) or may have changed (CHECK)."""
        before = self.state
        if level > before:
            self.state = level
        if before == CLEAN and self._readers is not NONE:
            for reader in listed(self._readers):
                reader.invalidate(self, CHECK)

    def hear(self, bucket: "BucketNode", _member: Any) -> None:
        """Record that a member was added to the bucket, or removed."""
        self.invalidate(bucket, DIRTY)


class InputNode(Node):
    """A row of a table; None when there is none."""

    __slots__ = ("key", "table", "value")

    def __init__(self, table: Table, key: Hashable, value: Any) -> None:
        self._readers = NONE
        self.table = table
        self.key = key
        self.value = value


class QueryNode(Reader):
    """The value of one query for one key, and what it read for it, in order."""

    __slots__ = ("_reads", "key", "query")

    def __init__(self, query: Query[Any, Any], key: Hashable) -> None:
        self._readers = NONE
        self.query = query
        self.key = key
        self.state = DIRTY
        self.value = None
        self._reads: Any = NONE

    @property
    def reads(self) -> tuple[Node, ...]:
        """Return the nodes that were read for the value, in order. Most values read few."""
        return listed(self._reads)

    @reads.setter
    def reads(self, reads: tuple[Node, ...]) -> None:
        self._reads = whole(reads)

    def __repr__(self) -> str:
        return f"{self.query.name}({self.key})"


class BucketNode(Node):
    """What an index files under one key, or which keys are in a group. `value` is unused: readers ask for the members.

    Most have one member or none.
    """

    __slots__ = ("_members", "index", "key")

    def __init__(self, index: Index, key: Hashable) -> None:
        self._readers = NONE
        self.index = index
        self.key = key
        self._members: Any = NONE

    @property
    def members(self) -> Collection[Any]:
        """Return the members, in any order."""
        return members(self._members)

    @property
    def is_empty(self) -> bool:
        """Return whether there is no member."""
        return self._members is NONE

    def replace(self, member: Any, *, present: bool) -> None:
        """Add or remove a member and notify the readers."""
        self._members = (with_member if present else without)(self._members, member)
        if self._readers is not NONE:
            for reader in listed(self._readers):
                reader.hear(self, member)

    def ordered(self, order: Callable[[Any], Any] | None) -> tuple[Any, ...]:
        """Return the members, sorted."""
        return ordered(self._members, order)

    def __repr__(self) -> str:
        return f"{self.index.name}[{self.key}]"


class CollectionNode(Reader):
    """A query's values over a group, sorted by key.

    Kept up to date member by member: a change of one among thousands costs that one and a copy of its chunk.
    `failed` holds the members whose query raised; while there are any, the first one's QueryFailure is the value.
    `moved` are keys that may have joined or left the group.
    """

    __slots__ = ("failed", "group", "moved", "nodes", "pending", "query", "rows")

    def __init__(self, query: Query[Any, Any], group: BucketNode) -> None:
        super().__init__()
        self.query = query
        self.group = group
        self.rows = SortedRows()
        self.failed: dict[Any, QueryFailure] = {}
        self.nodes: dict[Any, QueryNode] = {}
        self.pending: dict[QueryNode, None] = {}
        self.moved: set[Any] = set(group.members)
        self.state = DIRTY
        self.value = self.rows.values()

    @property
    def reads(self) -> tuple[Node, ...]:
        """Return the group and the members."""
        return (self.group, *self.nodes.values())

    def invalidate(self, source: Node, level: int) -> None:
        """Record which member changed."""
        if isinstance(source, QueryNode):
            self.pending[source] = None
        super().invalidate(source, level)

    def hear(self, bucket: BucketNode, member: Any) -> None:
        """Record which key was added to the group, or removed."""
        self.moved.add(member)
        super().hear(bucket, member)

    def put(self, key: Any, value: Any) -> bool:
        """Set the value of one key; return whether that changed anything."""
        self._judge(key, value)
        return self.rows.put(key, value)

    def add(self, new: set[Any]) -> None:
        """Add the keys that joined the group; `nodes` are those of its members."""
        if len(new) < len(self.rows):
            for key in new:
                self.put(key, self.nodes[key].value)
            return
        keys = sorted(self.nodes)
        self.rows.fill(keys, [self.nodes[key].value for key in keys])
        for key in new:
            self._judge(key, self.nodes[key].value)

    def _judge(self, key: Any, value: Any) -> None:
        if type(value) is QueryFailure:
            self.failed[key] = value
        else:
            self.failed.pop(key, None)

    def drop(self, key: Any) -> None:
        """Remove a key that left the group."""
        self.failed.pop(key, None)
        self.rows.drop(key)

    def __repr__(self) -> str:
        return f"collect {self.query.name} over {self.group!r}"


class SinkNode(Reader):
    """Collects the rows of its sources that have to be evaluated again. Has no value and no readers."""

    __slots__ = ("pending", "queries")

    def __init__(self, queries: Mapping[Table, Query[Member, Any]]) -> None:
        super().__init__()
        self.queries = queries
        self.pending: dict[Member, None] = {}

    def invalidate(self, source: Node, level: int) -> None:  # noqa: ARG002
        """Record the row, whose query has the Member itself as its key; a sink has no readers."""
        if isinstance(source, QueryNode) and isinstance(source.key, Member):
            self.pending[source.key] = None


N = TypeVar("N", bound=Node)


def drop(kept: dict[Any, dict[Hashable, N]], table: Any, key: Hashable) -> None:
    """Remove a node, and the table with the last one, since an emptied dict keeps its size."""
    nodes = kept.get(table)
    if nodes is not None and nodes.pop(key, None) is not None and not nodes:
        del kept[table]


def resize(table: dict[Any, Any]) -> None:
    """Shrink a table to the size of its contents; it stays the same object, with the same order."""
    kept = dict(table)
    table.clear()
    table.update(kept)
