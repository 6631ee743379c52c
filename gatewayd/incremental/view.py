"""What a query may read, and how queries, indexes and outputs are declared.

A query is a pure function `f(view, key) -> value`; values are immutable and comparable. A query reads through the view
only, so the view knows what each value depends on. The same functions run over any `View`: the engine's
memoised one, or `gatewayd.incremental.scratch`, which computes everything anew.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
B = TypeVar("B", bound=Hashable)

Table = type[Any]


class Member(NamedTuple):
    """A row of a table."""

    table: Table
    key: Hashable

    @property
    def order(self) -> tuple[str, Hashable]:
        """Return the sort key of members."""
        return (self.table.__name__, self.key)


class View(Protocol):
    """Read-only, tracked access to inputs, indexes and other queries."""

    def get(self, table: type[T], key: Hashable) -> T | None:
        """Return one row, or None when there is none."""

    def ask(self, query: "Query[K, V]", key: K) -> V:
        """Return the value of a query. Write `query(view, key)` instead of calling this."""

    def bucket(self, index: "Index", key: Hashable) -> tuple[Member, ...]:
        """Return the members that the index files under `key`, sorted."""

    def count(self, index: "Index", key: Hashable) -> int:
        """Return how many members the index files under `key`."""

    def group(self, index: "Index", group: Hashable) -> tuple[Any, ...]:
        """Return the keys of the index's non-empty buckets that belong to `group`, sorted."""

    def collect(self, index: "Index", group: Hashable, query: "Query[Any, V]") -> Sequence[V]:
        """Return the query's value for each key of `group(index, group)`, in that order."""

    def attempt(self, at: "Attempt", run: Callable[[], T], bad: Callable[[Exception], T]) -> T:
        """Return the result of `run`; when it raises, that of `bad`, and the failure is reported.

        For what one query reads of several objects: the trouble of one of them is not that of the others.
        """


class Attempt(NamedTuple):
    """A part of a query whose failure does not fail the query: what it does, and for which object."""

    name: str
    key: Any


Rescue = Callable[[View, Any, Exception, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query(Generic[K, V]):
    """A memoisable function. `rescue(view, key, error, previous value or None)` gives the value when it raises."""

    name: str
    run: Callable[[View, K], V]
    rescue: Rescue | None

    def __call__(self, view: View, key: K) -> V:
        """Read the value from the view."""
        return view.ask(self, key)

    def __repr__(self) -> str:
        return f"<query {self.name}>"


def query(run: Callable[[View, K], V]) -> Query[K, V]:
    """Declare a query; an exception in it propagates to the query that reads it."""
    return Query(name=run.__name__, run=run, rescue=None)


def rescued_query(
    rescue: Callable[[View, K, Exception, V | None], V],
) -> Callable[[Callable[[View, K], V]], Query[K, V]]:
    """Declare a query whose failure for one key is a value for that key: a bug must not stop the other objects.

    When the rescue raises as well, the failure goes to whoever asked.
    """

    def declare(run: Callable[[View, K], V]) -> Query[K, V]:
        return Query(name=run.__name__, run=run, rescue=rescue)

    return declare


def _itself(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of `table`, each seen through `query`, which is asked for the row as a Member.

    `keys` makes of the query's value what an Index files the row under: several indexes can share a query.
    """

    table: Table
    query: "Query[Member, Any]"
    keys: Callable[[Any], Collection[Hashable]] = _itself


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """Rows of `table`, each read by a plain function of the row alone: nothing is remembered of it but what it filed.

    `keys` makes of what was read what an Index files the row under, as that of a Source does.
    """

    table: Table
    read: Callable[[Any], Iterable[Hashable]]
    keys: Callable[[Any], Collection[Hashable]] = _itself

    def of(self, row: Any) -> tuple[Hashable, ...]:
        """Return what is read of a row, each once."""
        return tuple(dict.fromkeys(self.read(row)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """Files rows under keys: a source returns the bucket keys of its row.

    `group` maps a bucket's key to the group that `View.group` and `View.collect` go by. Indexes are refreshed in the
    order of declaration: the queries of one may read the indexes declared before it, never itself or a later one.
    `readers`, if there are any, are the tables whose rows alone make somebody read the index: before the first such row
    nothing is filed.
    """

    name: str
    sources: tuple[Source | RowSource, ...]
    group: Callable[[Any], Hashable]
    readers: tuple[Table, ...] = ()

    def __repr__(self) -> str:
        return f"<index {self.name}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Output:
    """Values whose changes the shell reads.

    `on_demand`: nothing is kept for it before it is drained for the first time, since it may be that nobody ever does.
    """

    name: str
    sources: tuple[Source, ...]
    on_demand: bool = False

    def __repr__(self) -> str:
        return f"<output {self.name}>"


def rows(table: type[T], keys: Callable[[T], Iterable[Hashable]]) -> RowSource:
    """Return a source whose bucket keys are a plain function of the row."""
    return RowSource(table=table, read=keys)


def ungrouped(_key: Hashable) -> Hashable:
    """Put all buckets in one group."""
    return None
