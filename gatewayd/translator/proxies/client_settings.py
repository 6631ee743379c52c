"""ClientPolicy: how the clients of a listener may speak, and who decides where listeners share a port.

A request is known only when its connection is: so all listeners of a port have one socket, and those without TLS one
filter chain. The first in the order of merging (the Gateway's own, then the oldest ListenerSet's) decides for them:
https://gateway-api.sigs.k8s.io/reference/spec/#listenerset (precedence). What others want is left out and said to both.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Member, View, query, rescued_query
from gatewayd.ir.client_settings import STANDARD_CLIENTS, STANDARD_SOCKET, ClientSettings, SocketSettings
from gatewayd.translator.gateways.listener_conflicts import listeners, own_listeners, port_listeners
from gatewayd.translator.gateways.listeners import MergedListener, PortKey, port_key
from gatewayd.translator.policies.client_sections import client_settings, socket_settings
from gatewayd.translator.policies.effective import ChainKey, Effective, Ruled, any_inherited, effective
from gatewayd.translator.policies.kinds import POLICY_KINDS
from gatewayd.translator.policies.revocation import revocation
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.at_listener import ListenerOf, listener_chain

_SOCKET: Final = "socket"
_TABLES: Final = {"Gateway": Gateway, "ListenerSet": ListenerSet}


def clients(view: View, listener: MergedListener) -> ClientSettings:
    """Return how the clients of a listener may speak."""
    if not any_inherited(view, ClientPolicy):
        return STANDARD_CLIENTS
    return clients_at(view, _of(_deciding(view, listener)))


def socket(view: View, port: PortKey) -> SocketSettings:
    """Return what counts for all connections of a port."""
    if not any_inherited(view, ClientPolicy):
        return STANDARD_SOCKET
    first = first_of_port(view, port)
    return STANDARD_SOCKET if first is None else socket_at(view, _of(first))


def clients_effective(view: View, at: ListenerOf) -> Effective:
    """Return which sections are in force at a listener, and whose they are: those of who decides for its port."""
    if not any_inherited(view, ClientPolicy):
        return Effective(overrides=(), defaults=())
    own = own_listeners(view, Member(_TABLES[at.listener.owner], at.listener.object))
    listener = next((each for each in own if each.key == at.listener), None)
    if listener is None or not listener.valid or listener.protocol is None:
        return Effective(overrides=(), defaults=())
    of_chain = _effective(view, _of(_deciding(view, listener)))
    first = first_of_port(view, _port(listener))
    of_socket = of_chain if first is None else _effective(view, _of(first))

    def chosen(here: tuple[Ruled, ...], shared: tuple[Ruled, ...]) -> tuple[Ruled, ...]:
        return (
            *(each for each in here if each.section != _SOCKET),
            *(each for each in shared if each.section == _SOCKET),
        )

    return Effective(
        overrides=chosen(of_chain.overrides, of_socket.overrides),
        defaults=chosen(of_chain.defaults, of_socket.defaults),
    )


def _of(listener: MergedListener) -> ListenerOf:
    return ListenerOf(listener.gateway, listener.key)


def _port(listener: MergedListener) -> PortKey:
    return port_key(listener.gateway, listener.protocol.transport if listener.protocol else "tcp", listener.port)


def _is_plain(listener: MergedListener) -> bool:
    return listener.protocol is not None and listener.protocol.family != "TLS"


def _deciding(view: View, listener: MergedListener) -> MergedListener:
    """Return the listener whose policies count for the connections of a listener."""
    return (first_of_port(view, _port(listener)) or listener) if _is_plain(listener) else listener


@query
def first_of_port(view: View, port: PortKey) -> MergedListener | None:
    """Return the listener that decides for a port; those without TLS are a port's own, as no port has both."""
    return min(port_listeners(view, port), key=lambda each: each.order, default=None)


_UNCHECKED: Final = replace(STANDARD_CLIENTS, tls=replace(STANDARD_CLIENTS.tls, trusts_nobody=True))
"""What counts where it cannot be told which certificates of clients are good: none is, where some are asked for."""


def _as_clients_were(_view: View, _at: ListenerOf, _error: Exception, before: ClientSettings | None) -> ClientSettings:
    """Leave clients as they were: no listener is closed because gatewayd fails on a policy."""
    return before or _UNCHECKED


@rescued_query(_as_clients_were)
def clients_at(view: View, at: ListenerOf) -> ClientSettings:
    """Return what the policies for a listener come to."""
    sections = _effective(view, at)
    settings, revoked = client_settings(sections), revocation(view, sections)
    if revoked is None:
        return settings
    if isinstance(revoked, Unsupported):
        return replace(settings, tls=replace(settings.tls, trusts_nobody=True))
    return replace(settings, tls=replace(settings.tls, revoked=revoked))


def _as_the_socket_was(
    _view: View, _at: ListenerOf, _error: Exception, before: SocketSettings | None
) -> SocketSettings:
    return before or STANDARD_SOCKET


@rescued_query(_as_the_socket_was)
def socket_at(view: View, at: ListenerOf) -> SocketSettings:
    """Return what the policies for a listener come to for its port."""
    return socket_settings(_effective(view, at))


def _effective(view: View, at: ListenerOf) -> Effective:
    return effective(view, ChainKey(ClientPolicy, listener_chain(view, at)))


class Disagreement(NamedTuple):
    """A section that a listener would have otherwise than `first`, which decides for their port.

    `wanted` is the policy that is left out, None for one that says nothing; `counts` is the one that counts.
    """

    port: int
    listener: str
    first: str
    section: str
    wanted: ObjectKey | None
    counts: ObjectKey | None


@query
def disagreements(view: View, gateway: ObjectKey) -> tuple[Disagreement, ...]:
    """Return where listeners of a Gateway share a port and their policies do not agree.

    Of a listener for which that fails nothing is said here: the others are of other teams.
    """
    return tuple(
        disagreement
        for listener in listeners(view, gateway)
        for disagreement in view.attempt(
            Attempt("policies of a listener", listener.key), partial(_disagreeing, view, listener), _none
        )
    )


def _none(_error: Exception) -> list[Disagreement]:
    return []


def _disagreeing(view: View, listener: MergedListener) -> list[Disagreement]:
    return list(_disagreements(view, listener))


def _disagreements(view: View, listener: MergedListener) -> Iterator[Disagreement]:
    if not listener.valid or listener.protocol is None or listener.protocol.transport != "tcp":
        return
    first = first_of_port(view, _port(listener))
    if first is None or first.key == listener.key:
        return
    own, others = _effective(view, _of(listener)), _effective(view, _of(first))
    for name in POLICY_KINDS[ClientPolicy].names if _is_plain(listener) else (_SOCKET,):
        mine, theirs = next(own.of(name), None), next(others.of(name), None)
        if (mine.value if mine else None) != (theirs.value if theirs else None):
            yield Disagreement(
                port=listener.port,
                listener=str(listener.key.section),
                first=str(first.key.section),
                section=next(each.wire for each in (mine, theirs) if each is not None),
                wanted=None if mine is None else mine.policy,
                counts=None if theirs is None else theirs.policy,
            )
