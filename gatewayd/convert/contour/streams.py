"""The `tcpproxy` of a root HTTPProxy as a TLSRoute: connections are led on by their server name.

https://projectcontour.io/docs/main/config/tls-termination/#tls-session-passthrough
"""

from collections.abc import Iterator, Sequence
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.contour.backends import ServiceSettings, speak
from gatewayd.convert.contour.hosts import ContourHost
from gatewayd.convert.draft import JSON, DraftListener, DraftStream
from gatewayd.convert.fields import closing
from gatewayd.convert.services import backend_ref

_UNHAD: Final = {
    "loadBalancerPolicy": "a BackendPolicy's loadBalancing says it, for the Service",
    "healthCheckPolicy": "a BackendPolicy's activeHealth says it, for the Service",
    "include": "the services of the other HTTPProxy have to be written into the TLSRoute",
    "includes": "the services of the other HTTPProxy have to be written into the TLSRoute",
}
_PARTS: Final = ("spec.routes", "spec.includes")


def host_stream(host: ContourHost, settings: ServiceSettings, *, open_all: bool) -> Iterator[DraftStream]:
    """Yield the route of a host whose connections are led on."""
    if host.stream is None:
        return
    proxy = host.root.spec.one("tcpproxy")
    proxy.lost_if_written(_UNHAD)
    services = proxy.many("services")
    is_weighted = len(services) > 1 and any(each.number("weight") for each in services)
    refs: list[JSON] = []
    for service in services:
        key = ObjectKey(host.root.key.namespace, service.text("name"))
        speak(host.root, service, key, settings)
        weight = service.number("weight") if is_weighted else None
        refs.append(backend_ref(key, service.number("port"), key.namespace, weight))
    lost = () if open_all else closing(host.root.fates, "spec.tcpproxy", *_PARTS)
    if lost:
        why = f"{', '.join(lost)} cannot be had, so that it is not written; --allow-unprotected writes it"
        host.root.spec.lost("tcpproxy", why)
    elif refs:
        yield DraftStream(
            namespace=host.root.key.namespace,
            name=f"{host.root.key.name}-tls",
            hostnames=(host.name,),
            at=(host.stream,),
            backends=tuple(refs),
            origins=(host.root.source.name,),
        )


def stream_listeners(hosts: Sequence[ContourHost], streams: Sequence[DraftStream]) -> Iterator[DraftListener]:
    """Yield the listeners of routes."""
    for host in hosts:
        carried = [each for each in streams if host.stream in each.at]
        if host.stream is not None and carried:
            yield DraftListener(
                at=host.stream,
                secrets=(host.secret,) if host.stream.mode == "Terminate" else (),
                shared=any(each.namespace != host.stream.namespace for each in carried),
                origins=(host.root.source.name,),
            )
