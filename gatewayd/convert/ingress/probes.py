"""Requests at the edges of what Ingresses say: each path, a letter more and less, with a slash, in other letters.

In: the model. Out: probes, each once, in a fixed order.
"""

from collections.abc import Iterator

from gatewayd.convert.edges import edges, escaped, hosts
from gatewayd.convert.ingress.hosts import ANY
from gatewayd.convert.ingress.model import IngressModel, ModelPath
from gatewayd.convert.journeys import Probe
from gatewayd.translator.nginx.canaries import Canary


def probes(model: IngressModel) -> tuple[Probe, ...]:
    """Return the requests that tell one reading from another."""
    return tuple(dict.fromkeys(_probes(model)))


def _probes(model: IngressModel) -> Iterator[Probe]:
    for name, server in sorted(model.servers.items()):
        headers = [(), *((each,) for path in server for each in _headers(path.canary))]
        for host in hosts("*" if name == ANY else name):
            # By HTTPS those are asked who have a certificate: what nginx said with its own one is not there any more.
            schemes = ("http", "https") if model.is_secured(host) else ("http",)
            for path in _paths(server):
                for scheme in schemes:
                    yield from (Probe(scheme=scheme, host=host, path=path, headers=each) for each in headers)


def _paths(server: list[ModelPath]) -> Iterator[str]:
    yield from ("/", "/other", "/other/x")
    for location in server:
        yield from map(escaped, edges(location.path))


def _headers(canary: Canary | None) -> Iterator[tuple[str, str]]:
    if canary is None:
        return
    if canary.header:
        values = (canary.value,) if canary.value else ("always", "never", "else")
        yield from ((canary.header, value) for value in values)
    if canary.cookie:
        yield from (("Cookie", f"a=b; {canary.cookie}={value}") for value in ("always", "never"))
