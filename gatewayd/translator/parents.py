"""parentRefs -> Gateways: which ones a route points at, whether they take it or not.

https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from gatewayd.api.gateway import Gateway
from gatewayd.api.ingress import Ingress
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.incremental.view import Index, Table, View, rows, ungrouped
from gatewayd.translator.ingresses import class_parents
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND

PARENT_TABLES: Mapping[GroupKind, Table] = {GATEWAY_KIND: Gateway, LISTENERSET_KIND: ListenerSet}
"""The kinds that a parentRef may name."""

_parent_key = lru_cache(maxsize=1024)(ObjectKey)
"""Make the key of a parent: the one that all its routes have in common."""

DEFAULT_GATEWAYS = Index(
    name="default_gateways",
    sources=(rows(Gateway, lambda row: ["All"] if row.spec.default_scope == "All" else []),),
    group=ungrouped,
)


def named_parents(view: View, row: Any) -> tuple[ParentRef, ...]:
    """Return the parentRefs of a route of any kind; an Ingress has the Gateway of its class."""
    if isinstance(row, Ingress):
        return class_parents(view, row)
    refs: tuple[ParentRef, ...] = row.spec.parent_refs
    return refs


def parent_refs(view: View, row: Any) -> tuple[ParentRef, ...]:
    """Return the parentRefs of a route of any kind, those that default Gateways add to it last."""
    refs = named_parents(view, row)
    if not isinstance(row, Ingress) and row.spec.use_default_gateways == "All":
        return (*refs, *_default_parents(view, refs, row.metadata.namespace))
    return refs


def _default_parents(view: View, written: tuple[ParentRef, ...], namespace: str) -> Iterator[ParentRef]:
    """Yield a parentRef for each default Gateway that the route does not name itself.

    https://gateway-api.sigs.k8s.io/geps/gep-3793/
    """
    named = {ObjectKey(ref.namespace or namespace, ref.name) for ref in written if ref.group_kind == GATEWAY_KIND}
    for member in view.bucket(DEFAULT_GATEWAYS, "All"):
        row = view.get(Gateway, member.key)
        if row is not None and row.metadata.key not in named:
            yield ParentRef(name=row.metadata.name, namespace=row.metadata.namespace)


def parent_gateway(view: View, ref: ParentRef, namespace: str) -> ObjectKey | None:
    """Return the Gateway that a parentRef leads to, by way of a ListenerSet or not; None for other kinds."""
    key = _parent_key(ref.namespace or namespace, ref.name)
    if ref.group_kind == GATEWAY_KIND:
        return key
    if ref.group_kind != LISTENERSET_KIND:
        return None
    row = view.get(ListenerSet, key)
    if row is None or row.spec.parent_ref.group_kind != GATEWAY_KIND:
        return None
    return _parent_key(row.spec.parent_ref.namespace or key.namespace, row.spec.parent_ref.name)
