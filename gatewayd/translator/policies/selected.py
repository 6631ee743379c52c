"""What a policy of Envoy Gateway selects by labels. It is refused, and what it protects must be closed all the same.

Expressions are not read: what the labels alone select is more than what is meant, never less.
https://gateway.envoyproxy.io/docs/api/extension_types/#targetselector
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from gatewayd.api.envoy_gateway.fields import TheirTargetRef
from gatewayd.api.envoy_gateway.objects import ForeignObject, SecurityPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.api.tcproute import TCPRoute
from gatewayd.incremental.view import Index, Source, Table, View, rows, ungrouped
from gatewayd.translator.envoy_gateway.targets import WrittenTarget, written_targets

_TABLES: Final[tuple[Table, ...]] = (Gateway, ListenerSet, HTTPRoute, GRPCRoute, TCPRoute)


class _Selectable(NamedTuple):
    """Where objects are that a policy of a namespace may select."""

    kind: str
    namespace: str


def _placed(table: Table) -> Source:
    kind = BY_STRUCT[table].kind
    return rows(table, lambda row: [_Selectable(kind, row.metadata.namespace)])


SELECTABLE = Index(
    name="selectable_by_policies",
    sources=tuple(_placed(table) for table in _TABLES),
    group=ungrouped,
    readers=(SecurityPolicy,),
)


def all_targets(view: View, row: ForeignObject, kinds: tuple[str, ...]) -> Iterator[WrittenTarget]:
    """Yield the targets that a policy names, and those that one which protects selects."""
    yield from written_targets(row, kinds)
    selectors = row.spec.get("targetSelectors")
    if not isinstance(row, SecurityPolicy) or not isinstance(selectors, list):
        return
    for at, selector in enumerate(selectors):
        if isinstance(selector, dict):
            yield from _selected(view, row, f"spec.targetSelectors[{at}]", selector, kinds)


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
