"""The `tls` and `tcp` rules of VirtualServices as TLSRoutes and TCPRoutes, at servers that do not speak HTTP.

https://istio.io/latest/docs/reference/config/networking/virtual-service/#TLSRoute
https://istio.io/latest/docs/reference/config/networking/virtual-service/#TCPRoute
"""

from collections.abc import Iterator, Sequence
from typing import Final

from gatewayd.convert.draft import DraftListener, DraftStream, StreamPort
from gatewayd.convert.fields import Fields, closing
from gatewayd.convert.istio.bindings import Binding, gateway_key
from gatewayd.convert.istio.destinations import Whither, weighted_refs
from gatewayd.convert.istio.gateways import Server
from gatewayd.convert.read_source import ReadSource
from gatewayd.translator.hostnames import ANY, intersection

_RULES: Final = ("tls", "tcp")
_UNHAD: Final = {
    "destinationSubnets": "where a connection was sent to before is not known here",
    "sourceLabels": "who calls is known in a mesh alone",
    "sourceNamespace": "who calls is known in a mesh alone",
    "sourceSubnet": "a ClientPolicy says whose connections are taken, for a whole Gateway",
}
_CLOSED: Final = "it is not written, since it has kept somebody out by what is lost; --allow-unprotected writes it"


def virtual_service_streams(
    owner: ReadSource, bindings: Sequence[Binding], whither: Whither, walls: Sequence[str], *, open_all: bool
) -> Iterator[DraftStream]:
    """Yield the routes of a VirtualService; `walls` are objects that have kept clients out, and are lost."""
    taken: set[tuple[StreamPort, str]] = set()
    for kind in _RULES:
        for at, written in enumerate(owner.spec.many(kind)):
            routes = written.many("route")
            refs = weighted_refs(routes, whither, [[] for _ in routes])
            hostnames, carriers = _places(owner, written, kind, bindings, taken)
            lost = () if open_all else (*walls, *_closing(owner, written, kind, bindings))
            if not carriers:
                written.lost("", "no server among the files leads such connections on; it is not written")
            elif lost:
                written.lost("", f"{', '.join(dict.fromkeys(lost))}: {_CLOSED}")
            elif refs:
                yield DraftStream(
                    namespace=owner.key.namespace,
                    name=f"{owner.key.name}-{kind}" if at == 0 else f"{owner.key.name}-{kind}-{at + 1}",
                    hostnames=hostnames,
                    at=carriers,
                    backends=refs,
                    origins=(owner.source.name,),
                )


def _closing(owner: ReadSource, written: Fields, kind: str, bindings: Sequence[Binding]) -> tuple[str, ...]:
    at_streams = (each.server for each in bindings if isinstance(each.server.carrier, StreamPort))
    of_servers = (path for server in at_streams for path in server.closed)
    return (*closing(owner.fates, written.path, f"spec.{kind}", "spec.http"), *of_servers)


def _places(
    owner: ReadSource, written: Fields, kind: str, bindings: Sequence[Binding], taken: set[tuple[StreamPort, str]]
) -> tuple[tuple[str, ...], tuple[StreamPort, ...]]:
    """Return the hostnames of a rule, none for any, and the listeners at which it is the first for them."""
    hostnames: dict[str, None] = {}
    carriers: dict[StreamPort, None] = {}
    for match in written.many("match") or (Fields({}, "", []),):
        match.lost_if_written(_UNHAD, protects=True)
        gateways = {gateway_key(name, owner.key.namespace) for name in match.texts("gateways")}
        port, names = match.number("port"), match.texts("sniHosts")
        for binding in bindings:
            server, at = binding.server, binding.server.carrier
            if not isinstance(at, StreamPort) or port not in (0, server.port):
                continue
            if (gateways and server.gateway.key not in gateways) or (kind == "tls") is not (at.mode == "Passthrough"):
                continue
            for name in _names(at, binding, names):
                if (at, name) not in taken:
                    taken.add((at, name))
                    carriers[at] = None
                    hostnames.update(dict.fromkeys((name,) if name else ()))
    return tuple(hostnames), tuple(carriers)


def _names(at: StreamPort, binding: Binding, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the server names of connections that a rule is for at a listener; "" for all, where TLS tells none."""
    if not at.mode:
        yield ""
        return
    for name in names or (binding.hostname,):
        both = intersection(name.lower(), binding.hostname)
        if both is not None:
            yield "" if both == ANY else both


def stream_listeners(streams: Sequence[DraftStream], servers: Sequence[Server]) -> Iterator[DraftListener]:
    """Yield the listeners of routes, each once."""
    by_carrier = {each.carrier: each for each in reversed(servers)}
    for at in dict.fromkeys(at for each in streams for at in each.at):
        server = by_carrier[at]
        yield DraftListener(
            at=at,
            secrets=(server.secret,) if server.secret else (),
            shared=any(each.namespace != at.namespace for each in streams if at in each.at),
            origins=(server.gateway.source.name,),
        )
