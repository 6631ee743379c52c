"""The graph: inputs, query values, buckets, collections. Changes push dirtiness, nothing is computed until asked.

A node is CLEAN (its value holds), CHECK (something below may have changed) or DIRTY (something it read did change).
Dirtiness travels from a node to its dependents; a recomputed value that equals the old one stops there.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from gatewayd.incremental.view import Index, Member, Query

CLEAN, CHECK, DIRTY = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Failure:
    """The value of a query that raised: whoever asks for it gets the exception."""

    error: Exception


class Node:
    """Something that can be read and depended on."""

    __slots__ = ("dependents", "state", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.state = CLEAN
        self.dependents: dict[Reader, None] = {}

    def changed(self) -> None:
        """Tell the dependents that what they read is another value now."""
        for reader in tuple(self.dependents):
            reader.invalidate(self, DIRTY)


class Reader(Node):
    """A node that reads others."""

    __slots__ = ("reads",)

    def __init__(self) -> None:
        super().__init__(None)
        self.reads: dict[Node, None] = {}

    def invalidate(self, _source: Node, level: int) -> None:
        """Take note that `_source` changed (DIRTY) or may have (CHECK)."""
        before = self.state
        self.state = max(before, level)
        if before == CLEAN:
            for reader in self.dependents:
                reader.invalidate(self, CHECK)


class InputNode(Node):
    """A row of a table; None when there is none."""

    __slots__ = ("member",)

    def __init__(self, member: Member, value: Any) -> None:
        super().__init__(value)
        self.member = member


class QueryNode(Reader):
    """The value of one query for one key. `cause` is the node whose change made it run last."""

    __slots__ = ("cause", "key", "query", "running")

    def __init__(self, query: Query[Any, Any], key: Hashable) -> None:
        super().__init__()
        self.query = query
        self.key = key
        self.state = DIRTY
        self.running = False
        self.cause: Node | None = None

    def invalidate(self, source: Node, level: int) -> None:
        """Take note, and remember what was first to change."""
        if level == DIRTY and self.state != DIRTY:
            self.cause = source
        super().invalidate(source, level)

    def __repr__(self) -> str:
        return f"{self.query.name}({self.key})"


class BucketNode(Node):
    """What an index files under one key. `value` is unused: readers get the sorted tuple, made when first asked for."""

    __slots__ = ("_sorted", "index", "key", "members")

    def __init__(self, index: Index, key: Hashable) -> None:
        super().__init__(None)
        self.index = index
        self.key = key
        self.members: set[Any] = set()
        self._sorted: tuple[Any, ...] | None = ()

    def replace(self, member: Any, *, present: bool) -> None:
        """Add or remove a member and tell the readers."""
        if present:
            self.members.add(member)
        else:
            self.members.discard(member)
        self._sorted = None
        self.changed()

    def ordered(self, order: Callable[[Any], Any] | None) -> tuple[Any, ...]:
        """Return the members, sorted."""
        if self._sorted is None:
            self._sorted = tuple(sorted(self.members, key=order))
        return self._sorted

    def __repr__(self) -> str:
        return f"{self.index.name}[{self.key}]"


class CollectionNode(Reader):
    """A query's values over a group, as a tuple sorted by key.

    Kept up to date member by member: a change of one among thousands costs that one and a copy of the tuple.
    `failed` holds the members whose query raised; while there are any, the first one's Failure is the value.
    """

    __slots__ = ("failed", "group", "keys", "nodes", "pending", "query", "regrouped", "values")

    def __init__(self, query: Query[Any, Any], group: BucketNode) -> None:
        super().__init__()
        self.query = query
        self.group = group
        self.keys: list[Any] = []
        self.values: list[Any] = []
        self.failed: dict[Any, Failure] = {}
        self.nodes: dict[Any, QueryNode] = {}
        self.pending: dict[QueryNode, None] = {}
        self.regrouped = True
        self.state = DIRTY
        self.value = ()

    def invalidate(self, source: Node, level: int) -> None:
        """Take note of which member it was, or that the membership itself changed."""
        if isinstance(source, QueryNode):
            self.pending[source] = None
        else:
            self.regrouped = True
        super().invalidate(source, level)

    def put(self, key: Any, value: Any) -> bool:
        """Set the value of one key; return whether that changed anything."""
        self._judge(key, value)
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            if self.values[at] is value or self.values[at] == value:
                return False
            self.values[at] = value
        else:
            self.keys.insert(at, key)
            self.values.insert(at, value)
        return True

    def add(self, new: set[Any]) -> None:
        """Take in keys that joined the group, whose members stand in `nodes`."""
        if len(new) < len(self.keys):
            for key in new:
                self.put(key, self.nodes[key].value)
            return
        self.keys = sorted(self.nodes)
        self.values = [self.nodes[key].value for key in self.keys]
        for key, value in zip(self.keys, self.values, strict=True):
            self._judge(key, value)

    def _judge(self, key: Any, value: Any) -> None:
        if type(value) is Failure:
            self.failed[key] = value
        else:
            self.failed.pop(key, None)

    def drop(self, key: Any) -> None:
        """Forget a key that left the group."""
        self.failed.pop(key, None)
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            del self.keys[at], self.values[at]

    def __repr__(self) -> str:
        return f"collect {self.query.name} over {self.group!r}"


class SinkNode(Reader):
    """Gathers which rows of its sources have to be looked at again. Has no value and no dependents."""

    __slots__ = ("members", "pending")

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[Member, QueryNode] = {}
        self.pending: dict[Member, None] = {}

    def invalidate(self, source: Node, level: int) -> None:  # noqa: ARG002
        """Take note of the row, whose query is asked for the Member itself; nobody depends on a sink."""
        if isinstance(source, QueryNode) and isinstance(source.key, Member):
            self.pending[source.key] = None
