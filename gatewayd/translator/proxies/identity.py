"""Which headers tell backends who a client is, and so are taken away from what clients send.

In: a Gateway and the namespaces of a rule and of its backends. Out: the headers that an AccessPolicy may set there: one
for the class, the Gateway or a listener counts on the whole Gateway, another one in its namespace. So nobody forges at
a rule without a login what a rule with one says, and a policy takes nothing away from other namespaces' requests.
"""

from collections.abc import Iterable, Iterator

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.envoy_gateway.objects import SecurityPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, View, query, rescued_query, rows, ungrouped
from gatewayd.ir.policy import Tokens
from gatewayd.translator.gateways.listeners import SETS_BY_GATEWAY
from gatewayd.translator.policies.effective import (
    CLASS_KIND,
    NAMESPACE_KIND,
    ScopedTarget,
    may_reach,
    scoped_targets,
)
from gatewayd.translator.policies.foreign import access_row, own_access
from gatewayd.translator.policies.kinds import by_strategy
from gatewayd.translator.policies.tokens import tokens
from gatewayd.translator.policies.told import refused_header
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND
from gatewayd.translator.proxies.policy_check import told_headers

_ANYWHERE = ScopedTarget(NAMESPACE_KIND, ObjectKey("", ""), "")
_WIDE = frozenset({CLASS_KIND, GATEWAY_KIND, LISTENERSET_KIND, NAMESPACE_KIND})


def _namespace(name: str) -> ScopedTarget:
    return ScopedTarget(NAMESPACE_KIND, ObjectKey("", name), "")


def _told(row: AccessPolicy) -> Iterator[str]:
    """Yield the headers that a policy sets where it is in force; one that cannot be honoured lets nobody in."""
    for _, given in by_strategy(row):
        named = (each.client_header for each in (given.api_keys, given.basic) if each is not None)
        yield from (name.lower() for name in named if name and not refused_header(name))
        if given.external_auth is not None:
            yield from told_headers(given.external_auth)
        said = tokens(given.jwt, (None,) * len(given.jwt.providers)) if given.jwt is not None else None
        if isinstance(said, Tokens):
            yield from (claim.header.lower() for issuer in said.issuers for claim in issuer.claim_headers)


def _places(row: AccessPolicy) -> list[ScopedTarget]:
    """Return where the headers of a policy count: routes and rules stand for their namespace."""
    if not any(True for _ in _told(row)):
        return []
    own = _namespace(row.metadata.namespace)
    return [_ANYWHERE, *{each.whole if each.kind in _WIDE else own for each in scoped_targets(row)}]


IDENTITY = Index(
    name="policies_that_tell_who_asks",
    sources=(rows(AccessPolicy, _places), rows(SecurityPolicy, lambda row: _places(own_access(row)))),
    group=ungrouped,
)


@query
def any_identity(view: View, _everywhere: tuple[()]) -> bool:
    """Return whether any policy sets such a header: most clusters need not be asked further."""
    return view.count(IDENTITY, _ANYWHERE) > 0


@query
def _at_target(view: View, target: ScopedTarget) -> tuple[str, ...]:
    found: set[str] = set()
    for member in view.bucket(IDENTITY, target):
        row = access_row(view, member)
        if row is not None and may_reach(view, target, row.metadata.namespace):
            found.update(_told(row))
    return tuple(sorted(found))


def _closed(_view: View, _target: ScopedTarget, _error: Exception, _before: tuple[str, ...] | None) -> tuple[str, ...]:
    return ()


@rescued_query(_closed)
def _at_listener_set(view: View, target: ScopedTarget) -> tuple[str, ...]:
    """Return the headers of one ListenerSet; none when its policies break, since all that they are for answers 500."""
    return _at_target(view, target)


@query
def _on_gateway(view: View, gateway: ObjectKey) -> tuple[str, ...]:
    """Return the headers that count on a whole Gateway."""
    row = view.get(Gateway, gateway)
    class_name = row.spec.gateway_class_name if row is not None else ""
    sets = (each.key for each in view.group(SETS_BY_GATEWAY, gateway))
    targets = (
        ScopedTarget(CLASS_KIND, ObjectKey("", class_name), ""),
        ScopedTarget(GATEWAY_KIND, gateway, ""),
    )
    of_sets = (_at_listener_set(view, ScopedTarget(LISTENERSET_KIND, each, "")) for each in sets)
    return _union((*(_at_target(view, each) for each in targets), *of_sets))


def identity_headers(view: View, gateway: ObjectKey, namespaces: Iterable[str]) -> tuple[str, ...]:
    """Return the headers that clients may not send, at a rule whose own and whose backends' namespaces these are."""
    if not any_identity(view, ()):
        return ()
    return _union((_on_gateway(view, gateway), *(_at_target(view, _namespace(each)) for each in namespaces)))


def _union(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for part in parts for name in part}))
