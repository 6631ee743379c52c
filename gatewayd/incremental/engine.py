"""The memoised View: pull evaluation, push invalidation, early cutoff.

Use: `put` rows, then `settle`, then read through the engine or `drain` its outputs. Between `settle` calls all values
belong to one revision, so no reader ever sees half of a change. Incremental results equal those from scratch (a
property test holds this: tests/property/test_engine.py).
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from gatewayd.incremental.graph import Graph
from gatewayd.incremental.nodes import (
    CHECK,
    CLEAN,
    DIRTY,
    RUNNING,
    CollectionNode,
    Node,
    QueryFailure,
    QueryNode,
    SinkNode,
    answer,
    failure,
    resize,
)
from gatewayd.incremental.view import Attempt, Index, Member, Output, Query, Rescue, RowSource, Source, Table

Keys = Collection[Hashable]
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class CycleError(RuntimeError):
    """A query depends on itself, directly or not: a bug in the queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of an output whose value has changed; None when the row is gone."""

    member: Member
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A query that raised and was rescued: for the shell to log."""

    query: str
    key: Any
    error: Exception


class Engine(Graph):
    """The engine. `indexes` and `outputs` do not change as long as it lives."""

    def __init__(self, indexes: tuple[Index, ...], outputs: tuple[Output, ...]) -> None:
        super().__init__()
        self.runs: Counter[str] = Counter()
        self.failures: list[Failed] = []
        self._filed: dict[Index, dict[Member, Keys]] = {index: {} for index in indexes}
        declarations: tuple[Index | Output, ...] = (*indexes, *outputs)
        self._sinks: dict[Index | Output, SinkNode] = {
            each: SinkNode({of.table: of.query for of in each.sources if isinstance(of, Source)})
            for each in declarations
        }
        self._by_table: dict[Table, list[tuple[Source, SinkNode]]] = {}
        # What files rows by themselves, to be told of any change of one.
        self._by_row: dict[Table, list[SinkNode]] = {}
        self._asleep: set[Index] = {index for index in indexes if index.readers}
        self._undrained: set[Output] = {output for output in outputs if output.on_demand}
        for declared, sink in self._sinks.items():
            if declared not in self._asleep and declared not in self._undrained:
                self._follow(declared, sink)
        self._keys = {index: {source.table: source.keys for source in index.sources} for index in indexes}
        self._readings = {
            index: {of.table: of for of in index.sources if isinstance(of, RowSource)} for index in indexes
        }
        # What the running query has read so far; while none runs, what is read may be unused after this.
        self._frame: dict[Node, None] = self._unused

    # --- writing -----------------------------------------------------------------------------------------------

    def put(self, table: Table, key: Hashable, row: object | None) -> bool:
        """Set or (None) remove a row. Return whether that changed anything."""
        node = self._input(table, key)
        before = node.value
        if row is None:
            self._unused[node] = None
        if before is row or before == row:
            return False
        if self._asleep:
            self._wake(table)
        node.value = row
        node.changed()
        listed = self._by_table.get(table, ()) if before is None or row is None else ()
        filing = self._by_row.get(table, ())
        if listed or filing:
            member = Member(table, node.key)
            for sink in filing:
                sink.pending[member] = None
            for source, sink in listed:
                self._list(source, sink, member, present=row is not None)
        return True

    def settle(self) -> None:
        """Bring every index up to date, in the order of their declaration.

        A row whose query fails is filed under nothing until what the query read changes.
        """
        for index in self._filed:
            sink = self._sinks[index]
            while sink.pending:
                pending, sink.pending = sink.pending, {}
                for member in pending:
                    self._file(index, member, self._bucket_keys(index, member))
                    sink.pending.pop(member, None)
        if self._frame is self._unused:
            self._frame = self._sweep()

    def drain(self, output: Output, most: int | None = None) -> Iterator[Change]:
        """Yield the rows of an output that may have changed since the last drain, with their values of now.

        A row whose value is equal to the last one is yielded only if it was recomputed to it; callers that care keep
        the last value. A row whose query fails is left out: the last value stands. Call `settle` first. `most` rows are
        looked at, all of them when it is None; `undrained` tells how many are left.
        """
        sink = self._sinks[output]
        if output in self._undrained:
            self._undrained.discard(output)
            self._begin(output, sink)
        for member in tuple(islice(sink.pending, most)):
            value = self._shown(sink, member)
            sink.pending.pop(member, None)
            if value is not _FAILED:
                yield Change(member=member, value=value)
        if not sink.pending:
            sink.pending = {}  # an emptied dict keeps its size
        if self._frame is self._unused:
            self._frame = self._sweep()

    def undrained(self, output: Output) -> int:
        """Return how many rows of an output wait to be evaluated; 0 if it has never been drained."""
        return len(self._sinks[output].pending)

    def rows(self, table: type[T]) -> Iterator[tuple[Any, T]]:
        """Yield the rows of a table; not tracked, for callers outside of queries."""
        return ((key, node.value) for key, node in self._inputs.get(table, {}).items() if node.value is not None)

    @property
    def size(self) -> int:
        """How many rows there are, with those that queries requested but that do not exist."""
        return sum(map(len, self._inputs.values()))

    def shrink(self) -> None:
        """Shrink tables to the size of their contents: a dict keeps the size that it had when it was largest."""
        for tables in (self._inputs, self._nodes, self._buckets, self._groups, self._filed):
            for table in tables.values():
                resize(table)
        for collection in self._collections.values():
            resize(collection.nodes)

    # --- filing ------------------------------------------------------------------------------------------------

    def _follow(self, declared: Index | Output, sink: SinkNode) -> None:
        for source in declared.sources:
            if isinstance(source, RowSource):
                self._by_row.setdefault(source.table, []).append(sink)
            else:
                self._by_table.setdefault(source.table, []).append((source, sink))

    def _wake(self, table: Table) -> None:
        """File the existing rows in the indexes that rows of this table make necessary."""
        for index in [each for each in self._asleep if table in each.readers]:
            self._asleep.discard(index)
            self._begin(index, self._sinks[index])

    def _begin(self, declared: Index | Output, sink: SinkNode) -> None:
        """Track the rows of a declaration from now on; existing rows count as new."""
        self._follow(declared, sink)
        for source in declared.sources:
            for key, _ in tuple(self.rows(source.table)):
                member = Member(source.table, key)
                if isinstance(source, RowSource):
                    sink.pending[member] = None
                else:
                    self._list(source, sink, member, present=True)

    def _list(self, source: Source, sink: SinkNode, member: Member, *, present: bool) -> None:
        sink.pending[member] = None
        node = self._query(source.query, member)
        if present:
            node.join(sink)
        else:
            self._unread(sink, node)

    def _file(self, index: Index, member: Member, keys: Keys) -> None:
        filed = self._filed[index]
        before = filed.get(member, ())
        moved = {*before} ^ {*keys} if before else keys
        for key in moved:
            self._place(index, key, member, present=key in keys)
        if keys:
            filed[member] = keys
        elif filed.pop(member, None) is not None and not filed:
            self._filed[index] = {}

    # --- the View ----------------------------------------------------------------------------------------------

    def get(self, table: type[T], key: Hashable) -> T | None:
        """Return one row, or None when there is none."""
        node = self._input(table, key)
        self._frame[node] = None
        value: T | None = node.value
        return value

    def ask(self, query: Query[K, V], key: K) -> V:
        """Return the value of a query, computing what is not up to date."""
        node = self._query(query, key)
        self._frame[node] = None
        value: V = node.value if node.state == CLEAN else self._pull(node)
        return answer(value) if type(value) is QueryFailure else value

    def bucket(self, index: Index, key: Hashable) -> tuple[Member, ...]:
        """Return the members that the index files under `key`, sorted."""
        node = self._bucket(index, key)
        self._frame[node] = None
        return node.ordered(_ORDER)

    def count(self, index: Index, key: Hashable) -> int:
        """Return how many members the index files under `key`."""
        node = self._bucket(index, key)
        self._frame[node] = None
        return len(node.members)

    def group(self, index: Index, group: Hashable) -> tuple[Any, ...]:
        """Return the keys of the non-empty buckets of a group, sorted."""
        node = self._group(index, group)
        self._frame[node] = None
        return node.ordered(None)

    def collect(self, index: Index, group: Hashable, query: Query[Any, V]) -> Sequence[V]:
        """Return the query's value for each bucket key of a group, in order."""
        at = (query, index, group)
        node = self._collections.get(at)
        if node is None:
            bucket = self._group(index, group)
            node = self._collections[at] = CollectionNode(query, bucket)
            bucket.join(node)
        self._frame[node] = None
        values: Sequence[V] = answer(self._pull(node))
        return values

    def attempt(self, at: Attempt, run: Callable[[], T], bad: Callable[[Exception], T]) -> T:
        """Return the result of `run`, or that of `bad` for its exception. What it read before that stays recorded."""
        try:
            return run()
        except CycleError:
            raise
        except Exception as error:  # noqa: BLE001 - a part of a query fails as a query does
            self.failures.append(Failed(query=at.name, key=at.key, error=error))
            return bad(error)

    # --- evaluation --------------------------------------------------------------------------------------------

    def _row(self, member: Member) -> Any:
        rows = self._inputs.get(member.table)
        node = rows.get(member.key) if rows is not None else None
        return None if node is None else node.value

    def _shown(self, sink: SinkNode, member: Member) -> Any:
        """Return the value of a row of an index or output, None when the row is gone."""
        rows = self._inputs.get(member.table)
        row = rows.get(member.key) if rows is not None else None
        if row is None or row.value is None:
            return None
        node = self._query(sink.queries[member.table], member)
        value = node.value if node.state == CLEAN else self._pull(node)
        if type(value) is not QueryFailure:
            return value
        self.failures.append(Failed(query=node.query.name, key=node.key, error=value.error))
        return _FAILED

    def _bucket_keys(self, index: Index, member: Member) -> Keys:
        """Return what an index files a row under: nothing when the row is gone, or cannot be read."""
        reading = self._readings[index].get(member.table)
        value = self._row(member) if reading is not None else self._shown(self._sinks[index], member)
        if value is None or value is _FAILED:
            return ()
        try:
            return self._keys[index][member.table](value if reading is None else reading.of(value))
        except Exception as error:  # noqa: BLE001 - as if its query had failed
            self.failures.append(Failed(query=index.name, key=member, error=error))
            return ()

    def _pull(self, node: Node) -> Any:
        if node.state == CHECK and isinstance(node, QueryNode):
            for read in node.reads:
                if read.state != CLEAN:
                    self._pull(read)
                    if node.state == DIRTY:
                        break
            else:
                node.state = CLEAN
        if node.state != CLEAN:
            if isinstance(node, QueryNode):
                self._run(node)
            elif isinstance(node, CollectionNode):
                self._gather(node)
        return node.value

    def _run(self, node: QueryNode) -> None:
        if node.state == RUNNING:
            raise CycleError(f"{node!r} depends on itself")
        node.state = RUNNING
        outer, self._frame = self._frame, {}
        self.runs[node.query.name] += 1
        try:
            value = self._value(node)
        except CycleError:
            node.state = DIRTY
            raise
        finally:
            reads, self._frame = tuple(self._frame), outer
        self._rewire(node, reads)
        node.state = CLEAN
        if not (value is node.value or value == node.value):
            node.value = value
            node.changed()

    def _value(self, node: QueryNode) -> Any:
        try:
            return self._computed(node.query, node.key)
        except CycleError:
            raise
        except Exception as error:  # noqa: BLE001 - a failure is the query's value until what it read changes
            if node.query.rescue is None:
                return failure(error)
            self.failures.append(Failed(query=node.query.name, key=node.key, error=error))
            return self._rescued(node, node.query.rescue, error)

    def _computed(self, query: Query[Any, Any], key: Any) -> Any:
        return query.run(self, key)

    def _rescued(self, node: QueryNode, rescue: Rescue, error: Exception) -> Any:
        before = None if isinstance(node.value, QueryFailure) else node.value
        try:
            return rescue(self, node.key, error, before)
        except CycleError:
            raise
        except Exception:  # noqa: BLE001 - the first failure is the one to know of
            return failure(error)

    def _gather(self, node: CollectionNode) -> None:
        outer, self._frame = self._frame, self._unused
        try:
            changed = self._regroup(node)
            for member in tuple(node.pending):
                if node.nodes.get(member.key) is member:
                    changed |= node.put(member.key, self._pull(member))
                del node.pending[member]
        finally:
            self._frame = outer
        node.state = CLEAN
        if changed:
            node.value = node.failed[min(node.failed)] if node.failed else node.rows.values()
            node.changed()

    def _regroup(self, node: CollectionNode) -> bool:
        moved, node.moved = node.moved, set()
        members = node.group.members
        gone = [key for key in moved if key in node.nodes and key not in members]
        for key in gone:
            node.drop(key)
            self._unread(node, node.nodes.pop(key))
        new = {key for key in moved if key in members and key not in node.nodes}
        for key in new:
            member = self._query(node.query, key)
            self._pull(member)
            node.nodes[key] = member
            member.join(node)
        if new:
            node.add(new)
        return bool(gone or new)


_ORDER = attrgetter("order")
_FAILED = object()
"""What `_shown` returns for a row whose query raised."""
