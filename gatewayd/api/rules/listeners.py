"""Rules about listeners of Gateways and ListenerSets.

https://gateway-api.sigs.k8s.io/reference/spec/#listener
"""

from gatewayd.api.gateway import GatewaySpec
from gatewayd.api.listeners import Listener, ListenerTLS
from gatewayd.api.listenerset import ListenerSetSpec
from gatewayd.api.meta import Problem, Problems


def tls_only_where_spoken(listener: Listener) -> Problems:
    """Check that hTTP, TCP and UDP listeners have no tls (spec.listeners)."""
    if listener.tls is not None and listener.protocol in {"HTTP", "TCP", "UDP"}:
        yield Problem(path="tls", message=f"must not be set for protocol {listener.protocol}; HTTPS and TLS have it")


def https_terminates(listener: Listener) -> Problems:
    """Check that an HTTPS listener's tls.mode is Terminate (spec.listeners)."""
    if listener.protocol == "HTTPS" and listener.tls is not None and listener.tls.mode != "Terminate":
        yield Problem(path="tls.mode", message="must be Terminate for protocol HTTPS; use protocol TLS to pass through")


def tls_mode_given(listener: Listener) -> Problems:
    """Check that a TLS listener says tls.mode (spec.listeners); the mode has a default, so that tls alone is enough."""
    if listener.protocol == "TLS" and listener.tls is None:
        yield Problem(path="tls", message="is required for protocol TLS")


def hostname_only_where_known(listener: Listener) -> Problems:
    """Check that TCP and UDP listeners have no hostname (spec.listeners)."""
    if listener.hostname is not None and listener.protocol in {"TCP", "UDP"}:
        yield Problem(path="hostname", message=f"must not be set for protocol {listener.protocol}")


def filters_only_for_http(spec: GatewaySpec) -> Problems:
    """Check that only HTTP and HTTPS listeners of a Gateway have filters (spec.listeners[] of Gateway alone)."""
    for index, listener in enumerate(spec.listeners):
        if listener.filters is not None and listener.protocol not in {"HTTP", "HTTPS"}:
            yield Problem(
                path=f"listeners[{index}].filters",
                message=f"must not be set for protocol {listener.protocol}; HTTP and HTTPS may have them",
            )


def sockets_unique(spec: GatewaySpec | ListenerSetSpec) -> Problems:
    """Check that no two listeners have the same port, protocol and hostname (spec.listeners)."""
    seen: dict[tuple[object, ...], int] = {}
    for index, listener in enumerate(spec.listeners):
        before = seen.setdefault((listener.port, listener.protocol, listener.hostname), index)
        if before != index:
            yield Problem(
                path=f"listeners[{index}]",
                message=f"has the port, protocol and hostname of listeners[{before}]; one of them must differ",
            )


def terminating_has_certificate(tls: ListenerTLS) -> Problems:
    """Check that terminate needs certificateRefs, or options that say how else (spec.listeners[].tls)."""
    if tls.mode == "Terminate" and not tls.certificate_refs and not tls.options:
        yield Problem(path="certificateRefs", message="is required when mode is Terminate, unless options is set")
