"""The listeners of a Gateway: its own and those of its ListenerSets, each judged for itself, then against each other.

Certificates are not looked at here (see `translator/tls.py`): a rotated Secret must not re-attach any route.
https://gateway-api.sigs.k8s.io/reference/spec/#listener and #listenerset
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.listeners import AllowedRoutes, Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import Index, View, query, rows
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gatewayclass import gateway_is_ours
from gatewayd.translator.hostnames import ANY, normalised
from gatewayd.translator.namespaces import Admission, admits
from gatewayd.translator.protocols import GATEWAY_KIND, Protocol, protocol_of


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedListener:
    """A listener with what can be said of it without looking at its certificates.

    `protocol` None: not supported. `hostname` is "*" when there is none. `kinds`: routes that it takes.
    `accepted`, `kinds_verdict` (None when all kinds are good) and `conflict` are its verdicts. `path` is its field.
    """

    key: ListenerKey
    path: str
    port: int
    protocol: Protocol | None
    hostname: str
    allowed: AllowedRoutes
    kinds: tuple[GroupKind, ...]
    accepted: Verdict
    kinds_verdict: Verdict | None
    conflict: Verdict

    @property
    def valid(self) -> bool:
        """Whether routes may get traffic from it, certificates aside."""
        return self.accepted.status


SETS_BY_GATEWAY = Index(
    name="listenersets_by_gateway",
    sources=(
        rows(
            ListenerSet,
            lambda row: (
                [ObjectKey(row.spec.parent_ref.namespace or row.metadata.namespace, row.spec.parent_ref.name)]
                if row.spec.parent_ref.group_kind == GATEWAY_KIND
                else []
            ),
        ),
    ),
    group=lambda gateway: gateway,
)


class SetKey(NamedTuple):
    """A ListenerSet in the order of merging: oldest first, then by namespace and name."""

    created: str
    key: ObjectKey


@query
def set_is_allowed(view: View, key: ObjectKey) -> bool:
    """Return whether the Gateway that a ListenerSet names is ours and lets its namespace in.

    https://gateway-api.sigs.k8s.io/reference/spec/#allowedlisteners (absent: none are allowed)
    """
    row = view.get(ListenerSet, key)
    if row is None or row.spec.parent_ref.group_kind != GATEWAY_KIND:
        return False
    parent = ObjectKey(row.spec.parent_ref.namespace or key.namespace, row.spec.parent_ref.name)
    gateway = view.get(Gateway, parent)
    if gateway is None or gateway.spec.allowed_listeners is None or not gateway_is_ours(view, parent):
        return False
    rule = gateway.spec.allowed_listeners.namespaces
    return admits(view, Admission(rule.from_, rule.selector, parent.namespace), key.namespace)


@query
def allowed_sets(view: View, gateway: ObjectKey) -> tuple[SetKey, ...]:
    """Return the ListenerSets that may add listeners to the Gateway, in the order of merging."""
    found = []
    for member in view.bucket(SETS_BY_GATEWAY, gateway):
        row = view.get(ListenerSet, member.key)
        if row is not None and set_is_allowed(view, row.metadata.key):
            found.append(SetKey(row.metadata.creation_timestamp, row.metadata.key))
    return tuple(sorted(found))


@query
def listeners(view: View, gateway: ObjectKey) -> tuple[MergedListener, ...]:
    """Return the listeners of a Gateway of ours in the order of merging; none when it is not ours."""
    row = view.get(Gateway, gateway)
    if row is None or not gateway_is_ours(view, gateway):
        return ()
    taken = _Taken()
    merged = taken.admit(tuple(_read("Gateway", gateway, row.spec.listeners)))
    for each in allowed_sets(view, gateway):
        listener_set = view.get(ListenerSet, each.key)
        if listener_set is not None:
            merged += taken.admit(tuple(_read("ListenerSet", each.key, listener_set.spec.listeners)))
    return tuple(merged)


def _read(owner: str, key: ObjectKey, entries: tuple[Listener, ...]) -> Iterator[MergedListener]:
    for at, entry in enumerate(entries):
        path = f"spec.listeners[{at}]"
        protocol = protocol_of(entry)
        kinds, kinds_verdict = _kinds(entry, protocol, path)
        yield MergedListener(
            key=ListenerKey(owner, key.namespace, key.name, entry.name),
            path=path,
            port=entry.port,
            protocol=protocol,
            hostname=normalised(entry.hostname) if protocol and protocol.by_hostname else ANY,
            allowed=entry.allowed_routes,
            kinds=kinds,
            accepted=_accepted(entry, protocol, path),
            kinds_verdict=kinds_verdict,
            conflict=verdicts.no_conflicts(),
        )


def _accepted(entry: Listener, protocol: Protocol | None, path: str) -> Verdict:
    if protocol is None:
        message = f"{path}.protocol: {entry.protocol} is not supported; one of HTTP, HTTPS, TLS, TCP, UDP"
        return verdicts.not_accepted("UnsupportedProtocol", message)
    if entry.filters is not None and entry.filters.requests:
        return verdicts.unsupported_value(f"{path}.filters: filters on listeners are not supported; none may be given")
    return verdicts.accepted()


def _kinds(entry: Listener, protocol: Protocol | None, path: str) -> tuple[tuple[GroupKind, ...], Verdict | None]:
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
        verdict = verdicts.unresolved("InvalidRouteKinds", message)
    return tuple(kind for kind in wanted if kind in carried), verdict


class _Taken:
    """What earlier objects have of each port, by transport and port: their listeners by hostname.

    An object's listeners are first judged against these: earlier objects win. What is left of them is judged against
    each other: within one object nobody wins, all indistinct listeners are conflicted.
    https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec (listeners: "Distinct Listeners"), #listenerset
    """

    def __init__(self) -> None:
        self._by_port: dict[tuple[str, int], dict[str, MergedListener]] = {}

    def admit(self, layer: tuple[MergedListener, ...]) -> list[MergedListener]:
        """Return one object's listeners, the conflicted ones marked; the others have their places from now on."""
        against_others = [_judged(each, self._rival(each)) for each in layer]
        own = [each for each in against_others if each.valid]
        judged = [
            _judged(each, next((other for other in own if other is not each and _conflict(each, other)), None))
            for each in against_others
        ]
        for each in judged:
            if each.valid and each.protocol is not None:
                self._by_port.setdefault((each.protocol.transport, each.port), {})[each.hostname] = each
        return judged

    def _rival(self, each: MergedListener) -> MergedListener | None:
        """Return an earlier listener that this one conflicts with; those of a port are all of one family."""
        if each.protocol is None:
            return None
        there = self._by_port.get((each.protocol.transport, each.port), {})
        candidates = (there.get(each.hostname), next(iter(there.values()), None))
        return next((other for other in candidates if other is not None and _conflict(each, other)), None)


def _judged(each: MergedListener, rival: MergedListener | None) -> MergedListener:
    verdict = _conflict(each, rival) if rival is not None else None
    if verdict is None:
        return each
    message = f"{each.path}: {verdict.message}"
    return replace(
        each,
        accepted=verdicts.not_accepted(verdict.reason, message),
        conflict=verdicts.conflicted(verdict.reason, message),
    )


def _conflict(each: MergedListener, rival: MergedListener) -> Verdict | None:
    one, other = each.protocol, rival.protocol
    if not (each.valid and rival.valid and one and other):
        return None
    if each.port != rival.port or one.transport != other.transport:
        return None
    if one.family != other.family:
        message = f"{one.name} and {other.name} (listener {rival.key.section!r}) cannot share port {each.port}"
        return verdicts.conflicted("ProtocolConflict", message)
    if not one.by_hostname:
        message = f"listener {rival.key.section!r} has {other.name} port {each.port} already; one listener a port"
        return verdicts.conflicted("ProtocolConflict", message)
    if each.hostname == rival.hostname:
        shown = "no hostname" if each.hostname == ANY else f"hostname {each.hostname!r}"
        message = f"listener {rival.key.section!r} has port {each.port} with {shown} too; each must differ"
        return verdicts.conflicted("HostnameConflict", message)
    return None


class PortKey(NamedTuple):
    """A port of a Gateway."""

    gateway: ObjectKey
    transport: str
    port: int


@query
def port_listeners(view: View, port: PortKey) -> tuple[MergedListener, ...]:
    """Return the valid listeners of one port."""
    return tuple(
        each
        for each in listeners(view, port.gateway)
        if each.valid and each.port == port.port and each.protocol and each.protocol.transport == port.transport
    )
