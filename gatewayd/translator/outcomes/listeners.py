"""What is said about the listeners of a Gateway or ListenerSet, each for itself.

https://gateway-api.sigs.k8s.io/reference/spec/#listenerstatus
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, View, query
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.infrastructure import object_name, service_port_name
from gatewayd.ir.outcome import (
    NO_FLEET,
    FleetReport,
    ListenerOutcome,
    Verdict,
    Vouched,
)
from gatewayd.ir.proxy import listener_name
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import ATTACHED
from gatewayd.translator.backends.endpoints import ServicePortKey, endpoints
from gatewayd.translator.certificate_warnings import name_warning, time_warnings, warned
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.declared import declaring
from gatewayd.translator.gateways.listener_conflicts import listener_at, listeners_within
from gatewayd.translator.gateways.listener_filters import guards
from gatewayd.translator.gateways.listeners import (
    MergedListener,
    PortHostname,
    PortKey,
)
from gatewayd.translator.gateways.termination import Termination, can_serve, termination, termination_key
from gatewayd.translator.hostnames import ANY, broader
from gatewayd.translator.outcomes.envoy_words import own_words
from gatewayd.translator.proxies.filter_chains import bound_port
from gatewayd.translator.rescues import blame


def listener_outcome(view: View, gateway: ObjectKey, listener: MergedListener) -> ListenerOutcome:
    """Return what is said about one listener."""
    ended = None
    if listener.protocol is not None and listener.protocol.terminates and listener.valid:
        ended = termination(view, termination_key(gateway, listener))
    accepted = ended.refused if ended is not None and ended.refused is not None else listener.accepted
    unresolved = listener.kinds_verdict or (ended.unresolved if ended is not None else None)
    resolved = unresolved or guards(view, listener.guard).unresolved or verdicts.resolved()
    overlap = _overlap(view, listener)
    return ListenerOutcome(
        name=listener.key.section,
        port=listener.port,
        kinds=tuple((kind.group, kind.kind) for kind in listener.kinds),
        attached=view.count(ATTACHED, listener.key),
        verdicts=(
            accepted,
            listener_programmed(view, listener) if can_serve(view, gateway, listener) else _not_programmed(listener),
            warned(resolved, f"{listener.path}.tls", tuple(_warnings(view, listener, ended))),
            listener.conflict,
            *([overlap] if overlap else []),
        ),
    )


def _warnings(view: View, listener: MergedListener, ended: Termination | None) -> Iterator[str]:
    """Yield what is wrong with certificates that a listener serves all the same."""
    certificates = ended.tls.certificates if ended is not None and ended.tls is not None else ()
    yield from time_warnings(view, certificates)
    other = name_warning(view, listener.hostname, certificates)
    if other:
        yield other


def listener_outcomes(
    view: View, gateway: ObjectKey, merged: tuple[MergedListener, ...]
) -> tuple[ListenerOutcome, ...]:
    """Return what is said about the listeners of one object, each for itself."""
    return tuple(
        view.attempt(
            Attempt("outcome of a listener", each.key),
            partial(listener_outcome, view, gateway, each),
            partial(_failed_listener, each),
        )
        for each in merged
    )


def _failed_listener(listener: MergedListener, error: Exception) -> ListenerOutcome:
    accepted = verdicts.invalid(blame(listener.path, error))
    programmed = verdicts.cannot_be_programmed()
    conditions = (accepted, programmed, verdicts.resolved(), listener.conflict)
    return ListenerOutcome(name=listener.key.section, port=listener.port, kinds=(), attached=0, verdicts=conditions)


def _not_programmed(listener: MergedListener) -> Verdict:
    """https://gateway-api.sigs.k8s.io/geps/gep-1713/ (a listener that lost gives the conflict as its reason)."""
    why = "see Accepted and ResolvedRefs"
    lost = listener.conflict.status
    return verdicts.not_programmed(listener.conflict.reason, why) if lost else verdicts.cannot_be_programmed(why)


class AskedPort(NamedTuple):
    """A port, and whether a replica of another edition vouches that its proxies have it as it is declared now."""

    port: PortKey
    is_vouched: bool


def listener_programmed(view: View, listener: MergedListener) -> Verdict:
    """Return whether a proxy has the port of a listener that can be served."""
    transport = listener.protocol.transport if listener.protocol else "tcp"
    port = PortKey(listener.gateway, transport, listener.port)
    return port_programmed(view, AskedPort(port, _is_vouched(view, listener, port)))


def _is_vouched(view: View, listener: MergedListener, port: PortKey) -> bool:
    """Return whether proxies of a replica of another edition have a listener of the generation that is to be judged."""
    vouched = vouching(view, listener.gateway)
    declared = declaring(view, listener.key) if vouched else None
    if declared is None:
        return False
    name = listener_name(port.transport, bound_port(view, port.port))
    return any(each.covers(name, declared.uid, declared.generation) for each in vouched)


def _fleet(view: View, gateway: ObjectKey) -> FleetReport:
    return view.get(FleetReport, GatewayFleet(namespace=gateway.namespace, name=gateway.name)) or NO_FLEET


@query
def vouching(view: View, gateway: ObjectKey) -> tuple[Vouched, ...]:
    """Return what replicas of other editions say of a Gateway's proxies: nothing, but for the time of an upgrade."""
    return _fleet(view, gateway).vouched


@query
def port_programmed(view: View, asked: AskedPort) -> Verdict:
    """Return whether a proxy has a port, and clients get there.

    That a proxy has it only an ACK proves. Clients get there when a ready endpoint of the Gateway's own Service has the
    port, so that whoever waits for Programmed may connect. What else proxies report touches no listener.
    """
    port = asked.port
    fleet = _fleet(view, port.gateway)
    name = listener_name(port.transport, bound_port(view, port.port))
    if name in fleet.acked_listeners or asked.is_vouched:
        if _is_reached(view, port):
            return verdicts.programmed("a connected proxy has acknowledged it")
        return verdicts.pending(f"no ready pod of the Gateway's Service has port {port.port} yet")
    refused = [each for each in fleet.rejections if name in each.names]
    if refused:
        return verdicts.cannot_be_programmed(f"the proxy refused it: {own_words(refused[0], name)}")
    waiting = "the proxy has not acknowledged it yet" if fleet.connected else "no proxy is connected yet"
    return verdicts.pending(waiting)


def _is_reached(view: View, port: PortKey) -> bool:
    """Return whether a Service leads to the port; without a cluster there is none in between."""
    if environment(view).standalone:
        return True
    service = ObjectKey(port.gateway.namespace, object_name(port.gateway.namespace, port.gateway.name))
    name = service_port_name(port.transport, port.port)
    ready_and_draining = endpoints(view, ServicePortKey(service, name, port.transport.upper()))
    return any(not each.draining for each in ready_and_draining)


def _overlap(view: View, listener: MergedListener) -> Verdict | None:
    """Return the warning that another listener of the port covers the same hosts under TLS.

    https://gateway-api.sigs.k8s.io/geps/gep-3567/
    """
    if not _is_https(listener) or not listener.valid:
        return None
    port = PortKey(listener.gateway, "tcp", listener.port)
    # What covers nothing but itself has nothing within: it need not be told of others.
    within = listeners_within(view, PortHostname(port, listener.hostname)) if listener.hostname.startswith(ANY) else ()
    covering = (listener_at(view, PortHostname(port, hostname)) for hostname in broader(listener.hostname)[1:])
    others = [other for other in (*covering, *within) if other is not None and other.key != listener.key]
    shown = [other.key.section for other in sorted(others, key=lambda other: other.order) if _is_https(other)]
    return verdicts.overlapping_tls(f"overlaps with listener {', '.join(shown)}") if shown else None


def _is_https(listener: MergedListener) -> bool:
    return listener.protocol is not None and listener.protocol.name == "HTTPS"
