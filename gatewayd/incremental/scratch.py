"""A View that keeps no state: every value is computed from the rows alone.

The definition of what the engine must return, and the oracle of its property tests.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from gatewayd.incremental.view import Attempt, Index, Member, Query, Rescue, RowSource, Source, Table

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Scratch:
    """A View over fixed rows. Values are kept as long as the object, which is for one revision."""

    def __init__(self, tables: Mapping[Table, Mapping[Any, Any]]) -> None:
        self._tables = tables
        self._answers: dict[tuple[Query[Any, Any], Hashable], Any] = {}
        self._filed: dict[Index, dict[Hashable, set[Member]]] = {}

    def get(self, table: type[T], key: Hashable) -> T | None:
        """Return one row, or None when there is none."""
        return self._tables.get(table, {}).get(key)

    def ask(self, query: Query[K, V], key: K) -> V:
        """Return the value of a query."""
        at = (query, key)
        if at not in self._answers:
            self._answers[at] = self._value(query, key)
        value: V = self._answers[at]
        return value

    def _value(self, query: Query[K, V], key: K) -> V:
        try:
            return query.run(self, key)
        except Exception as error:
            if query.rescue is None:
                raise
            value: V = self._rescued(query.rescue, key, error)
            return value

    def _rescued(self, rescue: Rescue, key: Hashable, error: Exception) -> Any:
        try:
            return rescue(self, key, error, None)
        except Exception:  # noqa: BLE001 - the first failure is the cause
            raise error from None

    def attempt(self, at: Attempt, run: Callable[[], T], bad: Callable[[Exception], T]) -> T:  # noqa: ARG002
        """Return the result of `run`, or that of `bad` for its exception."""
        try:
            return run()
        except Exception as error:  # noqa: BLE001 - a part of a query fails as a query does
            return bad(error)

    def bucket(self, index: Index, key: Hashable) -> tuple[Member, ...]:
        """Return the members that the index files under `key`, sorted."""
        return tuple(sorted(self._buckets(index).get(key, ()), key=lambda member: member.order))

    def count(self, index: Index, key: Hashable) -> int:
        """Return how many members the index files under `key`."""
        return len(self._buckets(index).get(key, ()))

    def group(self, index: Index, group: Hashable) -> tuple[Any, ...]:
        """Return the keys of the non-empty buckets of a group, sorted."""
        keys: Iterable[Any] = self._buckets(index)
        return tuple(sorted(key for key in keys if index.group(key) == group))

    def collect(self, index: Index, group: Hashable, query: Query[Any, V]) -> tuple[V, ...]:
        """Return the query's value for each bucket key of a group, in order."""
        return tuple(self.ask(query, key) for key in self.group(index, group))

    def _buckets(self, index: Index) -> dict[Hashable, set[Member]]:
        if index not in self._filed:
            buckets: dict[Hashable, set[Member]] = {}
            for source in index.sources:
                for key in self._tables.get(source.table, {}):
                    member = Member(source.table, key)
                    for bucket in self._keys(source, member):
                        buckets.setdefault(bucket, set()).add(member)
            self._filed[index] = buckets
        return self._filed[index]

    def _keys(self, source: Source | RowSource, member: Member) -> Iterable[Hashable]:
        try:
            if isinstance(source, RowSource):
                return source.keys(source.of(self._tables[member.table][member.key]))
            keys: Iterable[Hashable] = source.keys(self.ask(source.query, member))
        except Exception:  # noqa: BLE001 - a row that cannot be filed is filed under nothing
            return ()
        return keys
