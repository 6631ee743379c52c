"""What a policy of Envoy Gateway selects by labels. That is refused, and what it protects must be closed all the same.

A policy that protects is for what it selects, so that it closes it. Another one, such as limits of rates, which keep
backends up and nobody out, is left out there; either is told to the Gateways of what it selects.
Expressions are not read: what the labels alone select is more than what is meant, never less.
https://gateway.envoyproxy.io/docs/api/extension_types/#targetselector
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from gatewayd.api.envoy_gateway.fields import TheirTargetRef
from gatewayd.api.envoy_gateway.objects import ForeignObject
from gatewayd.api.gateway import Gateway
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.api.tcproute import TCPRoute
from gatewayd.incremental.view import Index, Member, RowSource, Table, View, rows, ungrouped
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS
from gatewayd.translator.envoy_gateway.targets import WrittenTarget, written_targets
from gatewayd.translator.policies.foreign import TakenKey, taken

_TABLES: Final[tuple[Table, ...]] = (Gateway, ListenerSet, HTTPRoute, GRPCRoute, TCPRoute)


class _Selectable(NamedTuple):
    """Where objects are that a policy of a namespace may select."""

    kind: str
    namespace: str


def _placed(table: Table) -> RowSource:
    kind = BY_STRUCT[table].kind
    return rows(table, lambda row: [_Selectable(kind, row.metadata.namespace)])


SELECTABLE = Index(
    name="selectable_by_policies",
    sources=tuple(_placed(table) for table in _TABLES),
    group=ungrouped,
    readers=tuple(FOREIGN_KINDS),
)


def all_targets(view: View, row: ForeignObject, kinds: tuple[str, ...]) -> Iterator[WrittenTarget]:
    """Yield the targets that a policy names, and those that it selects."""
    yield from written_targets(row, kinds)
    selectors = row.spec.get("targetSelectors")
    for at, selector in enumerate(selectors if isinstance(selectors, list) else ()):
        if isinstance(selector, dict):
            yield from _selected(view, row, f"spec.targetSelectors[{at}]", selector, kinds)


def targets_in_force(view: View, row: ForeignObject, kinds: tuple[str, ...]) -> Iterator[WrittenTarget]:
    """Yield the targets that a policy names, and those that one which protects selects: it closes them."""
    yield from all_targets(view, row, kinds) if _closes(view, row) else written_targets(row, kinds)


def _closes(view: View, row: ForeignObject) -> bool:
    member, kind = Member(type(row), row.metadata.key), FOREIGN_KINDS[type(row)]
    return "targetSelectors" in row.spec and any(
        taken(view, TakenKey(own, member, None)).refused for own in kind.protecting
    )


def _selected(
    view: View, row: ForeignObject, path: str, selector: dict[str, Any], kinds: tuple[str, ...]
) -> Iterator[WrittenTarget]:
    kind, labels = selector.get("kind"), selector.get("matchLabels") or {}
    if kind not in kinds or selector.get("group", GATEWAY_GROUP) != GATEWAY_GROUP or not isinstance(labels, dict):
        return
    for member in view.bucket(SELECTABLE, _Selectable(str(kind), row.metadata.namespace)):
        target = view.get(member.table, member.key)
        if target is not None and labels.items() <= target.metadata.labels.items():
            ref = TheirTargetRef(group=GATEWAY_GROUP, kind=str(kind), name=target.metadata.name)
            yield WrittenTarget(path, ref)
