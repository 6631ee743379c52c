"""HTTP/3: which filter chains have it, and the UDP port that comes of it beside a TCP port.

Clients come by TCP first, and are told of it there: https://www.rfc-editor.org/rfc/rfc9114#section-3.1.1
"""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, View, query
from gatewayd.ir.client_settings import ClientSettings
from gatewayd.ir.proxy import HTTPTraffic, Listener, QuicListener, StreamListener
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.listener_conflicts import listeners, port_listeners
from gatewayd.translator.gateways.listeners import MergedListener, PortKey
from gatewayd.translator.gateways.termination import termination, termination_key
from gatewayd.translator.policies.effective import any_inherited
from gatewayd.translator.proxies.at_listener import ListenerOf
from gatewayd.translator.proxies.client_settings import clients, clients_effective

_QUIC_VERSION: Final = "1.3"
"""The version of TLS that QUIC is made of: https://www.rfc-editor.org/rfc/rfc9001#section-4.2"""


def http3_port(view: View, listener: MergedListener, speaking: ClientSettings, bound: int) -> int:
    """Return the port at which the clients of a listener find HTTP/3, 0 where there is none.

    `bound` is the port that the proxy binds, where clients come without a Service in between.
    """
    if speaking.http3 is None or http3_problem(view, listener, speaking):
        return 0
    return speaking.http3.port or (bound if environment(view).standalone else listener.port)


def http3_problem(view: View, listener: MergedListener, speaking: ClientSettings) -> str:
    """Return why a listener has no HTTP/3 that a policy has for it, "" when it has; ended TLS is what it takes."""
    if listener.protocol is None or listener.protocol.name != "HTTPS":
        return "it is for protocol HTTPS"
    if port_listeners(view, PortKey(listener.gateway, "udp", listener.port)):
        return f"another listener has UDP port {listener.port}"
    if speaking.tls.most and speaking.tls.most < _QUIC_VERSION:
        return f"its TLS ends at version {speaking.tls.most}, and HTTP/3 takes {_QUIC_VERSION}"
    ended = termination(view, termination_key(listener.gateway, listener)).tls
    if ended is not None and ended.client is not None:
        return "its clients are asked for certificates, which are not checked over HTTP/3"
    return ""


def quic_listener(view: View, of: Listener) -> QuicListener | None:
    """Return what speaks HTTP/3 beside a port; None when nobody does, which takes no look without a policy."""
    if not any_inherited(view, ClientPolicy) or not isinstance(of, StreamListener):
        return None
    chains = tuple(each for each in of.chains if isinstance(each.traffic, HTTPTraffic) and each.traffic.http3_port)
    return QuicListener(port=of.port, chains=chains) if chains else None


class LeftOut(NamedTuple):
    """A listener that has no HTTP/3, though a policy has it for it."""

    policy: ObjectKey
    listener: str
    why: str


@query
def left_out_of_http3(view: View, gateway: ObjectKey) -> tuple[LeftOut, ...]:
    """Return the HTTPS listeners of a Gateway for which HTTP/3 is wanted, and cannot be had."""
    if not any_inherited(view, ClientPolicy):
        return ()
    return tuple(
        left_out
        for listener in listeners(view, gateway)
        for left_out in view.attempt(
            Attempt("HTTP/3 of a listener", listener.key), partial(_left_out, view, listener), _none
        )
    )


def _none(_error: Exception) -> list[LeftOut]:
    return []


def _left_out(view: View, listener: MergedListener) -> list[LeftOut]:
    return list(_each_left_out(view, listener))


def _each_left_out(view: View, listener: MergedListener) -> Iterator[LeftOut]:
    if not listener.valid or listener.protocol is None or listener.protocol.name != "HTTPS":
        return
    speaking = clients(view, listener)
    why = http3_problem(view, listener, speaking) if speaking.http3 is not None else ""
    if why:
        at = ListenerOf(listener.gateway, listener.key)
        for ruled in clients_effective(view, at).of("http3"):
            yield LeftOut(ruled.policy, str(listener.key.section), why)
