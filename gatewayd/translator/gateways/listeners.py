"""The listeners of a Gateway: its own and those of its ListenerSets, as they are written.

Here each is read and judged for itself, and filed by port and hostname; `translator/contests.py` judges them against
each other.
Certificates are not looked at here (see `translator/tls.py`): a rotated Secret must not re-attach any route.
https://gateway-api.sigs.k8s.io/reference/spec/#listener and #listenerset
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.listeners import AllowedRoutes, Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import Attempt, Index, Member, Source, View, query, rows
from gatewayd.ir.limits import PROXY_PORTS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, LAST_CONSUMER_PORT, NODE_PORTS, NODE_PROBES_PORT, PRODUCER_PORT
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.gateways.listener_filters import GuardKey, guard_key, refused
from gatewayd.translator.hostnames import ANY, broader, normalised
from gatewayd.translator.namespaces import Admission, admits
from gatewayd.translator.parameters.chosen import chosen_parameters
from gatewayd.translator.protocols import GATEWAY_KIND, ListenerProtocol, protocol_of
from gatewayd.translator.rescues import blame


class _Reserved(NamedTuple):
    """TCP ports that no listener gets, whose they are, and which they are in words."""

    ports: frozenset[int]
    whose: str
    words: str


_NO_PORTS = _Reserved(frozenset(), "", "")
_OF_PODS = _Reserved(frozenset(PROXY_PORTS), "the proxy itself", " and ".join(map(str, PROXY_PORTS)))
_OF_NODES = _Reserved(
    frozenset({*PROXY_PORTS, *NODE_PORTS}),
    "proxies in the network of nodes",
    f"{', '.join(map(str, (*PROXY_PORTS, PRODUCER_PORT, NODE_PROBES_PORT)))}"
    f" and {FIRST_CONSUMER_PORT} to {LAST_CONSUMER_PORT}",
)


class ListenerKey(NamedTuple):
    """A listener by whose it is ("Gateway" or "ListenerSet") and its section name."""

    owner: str
    namespace: str
    name: str
    section: str

    @property
    def object(self) -> ObjectKey:
        """The Gateway or ListenerSet that it stands in."""
        return ObjectKey(self.namespace, self.name)


class Order(NamedTuple):
    """A listener's place in merging: a Gateway's own first, then the oldest ListenerSet, then by "namespace/name".

    https://gateway-api.sigs.k8s.io/reference/spec/#listenerset (precedence)
    """

    layer: int
    created: str
    object: str
    at: int


class PortKey(NamedTuple):
    """A port of a Gateway."""

    gateway: ObjectKey
    transport: str
    port: int


port_key = lru_cache(maxsize=1024)(PortKey)
"""Make a PortKey; what thousands of routes have in common is kept once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedListener:
    """A listener with what can be said of it without looking at its certificates.

    `protocol` None: not supported. `hostname` is "*" when there is none. `kinds`: routes that it takes.
    `guard`: whom it asks before any route, None for nobody. `accepted`, `kinds_verdict` (None when all kinds are good)
    and `conflict` are its verdicts. `path` is its field.
    """

    gateway: ObjectKey
    key: ListenerKey
    order: Order
    path: str
    port: int
    protocol: ListenerProtocol | None
    hostname: str
    allowed: AllowedRoutes
    kinds: tuple[GroupKind, ...]
    guard: GuardKey | None
    accepted: Verdict
    kinds_verdict: Verdict | None
    conflict: Verdict

    @property
    def valid(self) -> bool:
        """Whether routes may get traffic from it, certificates aside."""
        return self.accepted.status


class SetKey(NamedTuple):
    """A ListenerSet of a Gateway; those of one Gateway sort in the order of merging, as their listeners do.

    `spelled` is the key as "namespace/name".
    """

    gateway: ObjectKey
    created: str
    spelled: str
    key: ObjectKey


def _set_keys(row: ListenerSet) -> list[SetKey]:
    if row.spec.parent_ref.group_kind != GATEWAY_KIND:
        return []
    return [SetKey(row.parent, row.metadata.creation_timestamp, str(row.metadata.key), row.metadata.key)]


SETS_BY_GATEWAY = Index(
    name="listenersets_by_gateway",
    sources=(rows(ListenerSet, _set_keys),),
    group=lambda listener_set: listener_set.gateway,
)


@query
def set_is_allowed(view: View, key: ObjectKey) -> bool:
    """Return whether the Gateway that a ListenerSet names is ours and lets its namespace in.

    https://gateway-api.sigs.k8s.io/reference/spec/#allowedlisteners (absent: none are allowed)
    """
    row = view.get(ListenerSet, key)
    if row is None or row.spec.parent_ref.group_kind != GATEWAY_KIND:
        return False
    parent = row.parent
    gateway = view.get(Gateway, parent)
    if gateway is None or gateway.spec.allowed_listeners is None or not gateway_is_ours(view, parent):
        return False
    rule = gateway.spec.allowed_listeners.namespaces
    return admits(view, Admission(rule.from_, rule.selector, parent.namespace), key.namespace)


@query
def written(view: View, member: Member) -> tuple[MergedListener, ...]:
    """Return the listeners of a Gateway or ListenerSet, each judged for itself; none when they do not count at all."""
    row = view.get(member.table, member.key)
    if isinstance(row, Gateway) and gateway_is_ours(view, row.metadata.key):
        return tuple(_read(view, row, row.metadata.key, _reserved(view, row.metadata.key)))
    if isinstance(row, ListenerSet) and set_is_allowed(view, row.metadata.key):
        return tuple(_read(view, row, row.parent, _reserved(view, row.parent)))
    return ()


def _reserved(view: View, gateway: ObjectKey) -> _Reserved:
    if environment(view).standalone:
        return _NO_PORTS
    return _OF_NODES if chosen_parameters(view, gateway).parameters.host_network else _OF_PODS


def _read(view: View, row: Gateway | ListenerSet, gateway: ObjectKey, reserved: _Reserved) -> Iterator[MergedListener]:
    owner, key = type(row).__name__, row.metadata.key
    layer, created = (0, "") if isinstance(row, Gateway) else (1, row.metadata.creation_timestamp)
    for at, entry in enumerate(row.spec.listeners):
        section = ListenerKey(owner, key.namespace, key.name, entry.name)
        order = Order(layer, created, str(key), at)
        yield view.attempt(
            Attempt("listener", section),
            partial(_merged, gateway, section, order, entry, reserved),
            partial(_failed, gateway, section, order, entry),
        )


def _merged(gateway: ObjectKey, key: ListenerKey, order: Order, entry: Listener, reserved: _Reserved) -> MergedListener:
    path = f"spec.listeners[{order.at}]"
    protocol = protocol_of(entry)
    kinds, kinds_verdict = _kinds(entry, protocol, path)
    return MergedListener(
        gateway=gateway,
        key=key,
        order=order,
        path=path,
        port=entry.port,
        protocol=protocol,
        hostname=normalised(entry.hostname) if protocol and protocol.by_hostname else ANY,
        allowed=entry.allowed_routes,
        kinds=kinds,
        guard=guard_key(key.owner, key.namespace, path, entry),
        accepted=_accepted(entry, protocol, path, reserved),
        kinds_verdict=kinds_verdict,
        conflict=verdicts.no_conflicts(),
    )


def _failed(gateway: ObjectKey, key: ListenerKey, order: Order, entry: Listener, error: Exception) -> MergedListener:
    """Return a listener that nobody can use: of what it asks for, only its port is known."""
    path = f"spec.listeners[{order.at}]"
    return MergedListener(
        gateway=gateway,
        key=key,
        order=order,
        path=path,
        port=entry.port,
        protocol=None,
        hostname=ANY,
        allowed=entry.allowed_routes,
        kinds=(),
        guard=None,
        accepted=verdicts.invalid(blame(path, error)),
        kinds_verdict=None,
        conflict=verdicts.no_conflicts(),
    )


def _accepted(entry: Listener, protocol: ListenerProtocol | None, path: str, reserved: _Reserved) -> Verdict:
    if protocol is None:
        message = f"{path}.protocol: {entry.protocol} is not supported; one of HTTP, HTTPS, TLS, TCP, UDP"
        return verdicts.unsupported_protocol(message)
    if protocol.transport == "tcp" and entry.port in reserved.ports:
        message = f"{path}.port: {entry.port} is a port of {reserved.whose}; all but {reserved.words} are allowed"
        return verdicts.port_unavailable(message)
    return refused(entry, path) or verdicts.accepted()


def _kinds(
    entry: Listener, protocol: ListenerProtocol | None, path: str
) -> tuple[tuple[GroupKind, ...], Verdict | None]:
    """Return the kinds that the listener takes, and a verdict when it names one that it cannot.

    https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes (kinds)
    """
    carried = protocol.kinds if protocol else ()
    wanted = tuple(dict.fromkeys(kind.group_kind for kind in entry.allowed_routes.kinds))
    if not wanted:
        return carried, None
    wrong = [str(kind) for kind in wanted if kind not in carried]
    verdict = None
    if wrong:
        can = ", ".join(kind.kind for kind in carried) or "none"
        message = f"{path}.allowedRoutes.kinds: {', '.join(wrong)} cannot attach to {entry.protocol}; allowed: {can}"
        verdict = verdicts.invalid_route_kinds(message)
    return tuple(kind for kind in wanted if kind in carried), verdict


class PortFamily(NamedTuple):
    """A port of a Gateway and one of the families of protocols that its listeners ask for."""

    port: PortKey
    family: str
    by_hostname: bool


class Within(NamedTuple):
    """A listener's hostname at a port, and a wildcard that covers it: "*", or one that is more specific than that."""

    port: PortKey
    pattern: str
    hostname: str


class PortHostname(NamedTuple):
    """A port of a Gateway and a hostname there."""

    port: PortKey
    hostname: str


def _standing(view: View, member: Member) -> Iterator[tuple[PortKey, ListenerProtocol, str]]:
    """Yield where the listeners of an object stand that are good by themselves."""
    for listener in written(view, member):
        if listener.valid and listener.protocol is not None:
            yield (
                PortKey(listener.gateway, listener.protocol.transport, listener.port),
                listener.protocol,
                listener.hostname,
            )


@query
def _families(view: View, member: Member) -> frozenset[PortFamily]:
    return frozenset(PortFamily(port, row.family, row.by_hostname) for port, row, _ in _standing(view, member))


@query
def _hostnames(view: View, member: Member) -> frozenset[Within]:
    return frozenset(
        Within(port, pattern, hostname)
        for port, _, hostname in _standing(view, member)
        for pattern in {ANY, *broader(hostname)[1:]}
    )


LISTENERS_BY_PORT = Index(
    name="listeners_by_port",
    sources=tuple(Source(table=table, query=_families) for table in (Gateway, ListenerSet)),
    group=lambda key: key.port.gateway,
)
LISTENERS_BY_HOSTNAME = Index(
    name="listeners_by_hostname",
    sources=tuple(Source(table=table, query=_hostnames) for table in (Gateway, ListenerSet)),
    group=lambda key: PortHostname(key.port, key.pattern),
)
