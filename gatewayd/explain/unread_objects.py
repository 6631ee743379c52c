"""Objects that gatewayd does not read: those whose authors may think that it does, and the number of the others.

In: the documents that were passed over, and what is served. Out: an error for each policy of another controller that is
for something served without it, a warning for what another API would serve, and counts of the rest.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from gatewayd.api.kinds import BY_GROUP_KIND
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.explain.findings import Finding
from gatewayd.incremental.view import Member
from gatewayd.ir.conditions import Severity
from gatewayd.ir.outcome import Outcome
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.file_state import UnreadDocument
from gatewayd.manifests.foreign import Foreign, ForeignTarget

CONVERTED: Final = frozenset(
    {
        GroupKind("extensions", "Ingress"),
        GroupKind("networking.istio.io", "Gateway"),
        GroupKind("networking.istio.io", "VirtualService"),
        GroupKind("projectcontour.io", "HTTPProxy"),
    }
)
"""What `gatewayd convert` makes objects of that are served; a DestinationRule serves nothing by itself."""


class Others(NamedTuple):
    """How many objects of a kind were passed over."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.number} {plural(self.kind, self.number)}"


def plural(kind: str, count: int) -> str:
    """Return the name of a kind for so many objects of it."""
    if count == 1:
        return kind
    if kind.endswith("y") and kind[-2:-1] not in "aeiou":
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith(("s", "x", "ch")) else f"{kind}s"


def in_unread(
    documents: Iterable[UnreadDocument], outcomes: Mapping[Member, Outcome], configs: Iterable[ProxyConfig]
) -> Iterator[Finding]:
    """Yield what is to be known of documents that were passed over."""
    backends = {
        (cluster.upstream.kind, ObjectKey(cluster.upstream.namespace, cluster.upstream.name))
        for config in configs
        for cluster in config.clusters
    }
    for document in documents:
        foreign = document.foreign
        if foreign is None:
            continue
        served = [each for each in foreign.targets if _is_served(each, outcomes, backends)]
        if served:
            names = ", ".join(f"{each.kind} {each.key}" for each in served)
            yield _finding(document, foreign, Severity.ERROR, "PolicyNotRead", _without(foreign, names))
        elif GroupKind(foreign.group, foreign.kind) in CONVERTED:
            yield _finding(document, foreign, Severity.WARNING, "OtherAPI", _converted(document, foreign))


def others(documents: Iterable[UnreadDocument], told: Iterable[Finding]) -> tuple[Others, ...]:
    """Return how many documents of each kind nothing else is told of."""
    places = {(each.file, each.line) for each in told}
    kinds = Counter(
        document.foreign.kind
        for document in documents
        if document.foreign is not None and (document.file, document.line) not in places
    )
    return tuple(Others(kind, count) for kind, count in sorted(kinds.items(), key=lambda each: (-each[1], each[0])))


def _finding(document: UnreadDocument, foreign: Foreign, severity: Severity, reason: str, message: str) -> Finding:
    return Finding(
        file=document.file, line=document.line, severity=severity, object=str(foreign), reason=reason, message=message
    )


def _is_served(target: ForeignTarget, outcomes: Mapping[Member, Outcome], backends: set[tuple[str, ObjectKey]]) -> bool:
    kind = BY_GROUP_KIND.get(GroupKind(target.group, target.kind))
    if kind is None:
        return False
    return Member(kind.struct, target.key) in outcomes or (target.kind, target.key) in backends


def _without(foreign: Foreign, names: str) -> str:
    return (
        f"spec.targetRefs: {names} is served WITHOUT it, since {foreign.group or 'v1'} is another controller's; "
        "docs/policies.md says what AccessPolicy, RoutePolicy and BackendTLSPolicy do"
    )


def _converted(document: UnreadDocument, foreign: Foreign) -> str:
    return f"kind: {foreign.kind} of {foreign.group} is not served; `gatewayd convert {document.file}` writes what is"
