"""The nodes of the engine by key: created when they are first read, removed when no reader is left."""

from collections.abc import Hashable
from typing import Any

from gatewayd.incremental.nodes import (
    BucketNode,
    CollectionNode,
    InputNode,
    Node,
    QueryNode,
    Reader,
    drop,
)
from gatewayd.incremental.view import Index, Member, Query, Table

Buckets = dict[Index, dict[Hashable, BucketNode]]


class Graph:
    """All nodes. A node that loses a reader goes into `_unused`; `_sweep` removes it unless it has other readers."""

    def __init__(self) -> None:
        self._inputs: dict[Table, dict[Hashable, InputNode]] = {}
        self._nodes: dict[Query[Any, Any], dict[Hashable, QueryNode]] = {}
        self._collections: dict[tuple[Query[Any, Any], Index, Hashable], CollectionNode] = {}
        self._buckets: Buckets = {}
        # Only of indexes of which a group has been read.
        self._groups: Buckets = {}
        self._unused: dict[Node, None] = {}

    def _input(self, table: Table, key: Hashable) -> InputNode:
        nodes = self._inputs.get(table)
        if nodes is None:
            nodes = self._inputs[table] = {}
        node = nodes.get(key)
        if node is None:
            node = nodes[key] = InputNode(table, key, None)
        return node

    def _query(self, query: Query[Any, Any], key: Hashable) -> QueryNode:
        nodes = self._nodes.get(query)
        if nodes is None:
            nodes = self._nodes[query] = {}
        node = nodes.get(key)
        if node is None:
            node = nodes[key] = QueryNode(query, key)
        return node

    def _bucket(self, index: Index, key: Hashable) -> BucketNode:
        nodes = self._buckets.get(index)
        if nodes is None:
            nodes = self._buckets[index] = {}
        node = nodes.get(key)
        if node is None:
            node = nodes[key] = BucketNode(index, key)
        return node

    def _group(self, index: Index, key: Hashable) -> BucketNode:
        nodes = self._groups.get(index)
        if nodes is None:
            nodes = self._grouped(index)
        node = nodes.get(key)
        if node is None:
            node = nodes[key] = BucketNode(index, key)
        return node

    def _grouped(self, index: Index) -> dict[Hashable, BucketNode]:
        """Group the buckets of an index; the groups are maintained from now on."""
        nodes = self._groups[index] = {}
        for key, bucket in self._buckets.get(index, {}).items():
            if not bucket.is_empty:
                self._group(index, index.group(key)).replace(key, present=True)
        return nodes

    def _place(self, index: Index, key: Hashable, member: Member, *, present: bool) -> None:
        """Add a row to a bucket, or remove it; notify the bucket's group when that fills or empties the bucket."""
        bucket = self._bucket(index, key)
        was_empty = bucket.is_empty
        bucket.replace(member, present=present)
        if index in self._groups and was_empty != bucket.is_empty:
            group = self._group(index, index.group(key))
            group.replace(key, present=not bucket.is_empty)
            self._unused[group] = None
        self._unused[bucket] = None

    def _rewire(self, node: QueryNode, reads: tuple[Node, ...]) -> None:
        before, node.reads = node.reads, reads
        if before == reads:
            return
        for read in reads:
            read.join(node)
        if before:
            kept = set(reads)
            for read in before:
                if read not in kept:
                    self._unread(node, read)

    def _unread(self, node: Reader, read: Node) -> None:
        read.part(node)
        self._unused[read] = None

    def _sweep(self) -> dict[Node, None]:
        """Forget nodes that lost their last reader, and what only they had read; return `_unused`, which is empty then.

        Not to be called while a query runs: what it has read so far is not wired to it before it ends.
        """
        if self._unused:
            while self._unused:
                node, _ = self._unused.popitem()
                if not node.is_read:
                    self._forget(node)
            self._unused = {}  # an emptied dict keeps its size
        return self._unused

    def _forget(self, node: Node) -> None:
        if isinstance(node, InputNode):
            if node.value is None:
                drop(self._inputs, node.table, node.key)
        elif isinstance(node, BucketNode):
            if node.is_empty:
                kept = self._groups if self._groups.get(node.index, {}).get(node.key) is node else self._buckets
                drop(kept, node.index, node.key)
        elif isinstance(node, QueryNode):
            drop(self._nodes, node.query, node.key)
            self._leave(node, node.reads)
        elif isinstance(node, CollectionNode):
            self._collections.pop((node.query, node.group.index, node.group.key), None)
            self._leave(node, node.reads)

    def _leave(self, node: Reader, reads: tuple[Node, ...]) -> None:
        for read in reads:
            self._unread(node, read)
