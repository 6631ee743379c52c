"""Requests at the edges of what Ingresses say: each path, a letter more and less, with a slash, in other letters.

In: the model. Out: probes, each once, in a fixed order.
"""

import re
from collections.abc import Iterator
from typing import Final

from gatewayd.convert.ingress.hosts import ANY
from gatewayd.convert.ingress.model import IngressModel, ModelPath
from gatewayd.convert.journeys import Probe
from gatewayd.translator.nginx.canaries import Canary

_UNKNOWN: Final = "nobody.test"
_GROUPS: Final = (
    (re.compile(r"\(/\|\$\)"), "/"),
    (re.compile(r"\(?\.\*\)?|\(?\.\+\)?|\(?\[\^/\]\+\)?"), "x"),
    (re.compile(r"\(?\[0-9\]\+?\)?|\(?\\d\+?\)?"), "7"),
)
"""What stands in expressions most often, and a text that each holds for."""
_OPERATORS: Final = re.compile(r"[\\^$.*+?()\[\]{}|]")


def probes(model: IngressModel) -> tuple[Probe, ...]:
    """Return the requests that tell one reading from another."""
    return tuple(dict.fromkeys(_probes(model)))


def _probes(model: IngressModel) -> Iterator[Probe]:
    for name, server in sorted(model.servers.items()):
        headers = [(), *((each,) for path in server for each in _headers(path.canary))]
        for host in _hosts(name):
            # By HTTPS those are asked who have a certificate: what nginx said with its own one is not there any more.
            schemes = ("http", "https") if model.is_secured(host) else ("http",)
            for path in _paths(server):
                for scheme in schemes:
                    yield from (Probe(scheme=scheme, host=host, path=path, headers=each) for each in headers)


def _hosts(name: str) -> Iterator[str]:
    if name == ANY:
        yield _UNKNOWN
    elif name.startswith("*."):
        parent = name.removeprefix("*.")
        yield from (f"a.{parent}", f"a.b.{parent}", parent, f"a.{parent}".upper())
    else:
        yield from (name, f"a.{name}", name.upper())


def _paths(server: list[ModelPath]) -> Iterator[str]:
    yield from ("/", "/other", "/other/x")
    for location in server:
        for sample in _samples(location.path):
            edges = (sample, f"{sample}/", f"{sample}x", f"{sample}/x", sample.upper(), sample[:-1] or "/")
            yield from (re.sub(r"/+", "/", edge) for edge in edges)


def _samples(path: str) -> Iterator[str]:
    """Yield paths that are like an expression: its groups filled in, and what is no letter left out."""
    written = path
    for pattern, sample in _GROUPS:
        written = pattern.sub(sample, written)
    for each in dict.fromkeys((written, path)):
        bare = re.sub(r"/+", "/", f"/{_OPERATORS.sub('', each)}")
        yield bare.rstrip("/") or "/"


def _headers(canary: Canary | None) -> Iterator[tuple[str, str]]:
    if canary is None:
        return
    if canary.header:
        values = (canary.value,) if canary.value else ("always", "never", "else")
        yield from ((canary.header, value) for value in values)
    if canary.cookie:
        yield from (("Cookie", f"a=b; {canary.cookie}={value}") for value in ("always", "never"))
