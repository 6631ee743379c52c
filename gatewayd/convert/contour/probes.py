"""Requests at the edges of what HTTPProxies say.

In: the model. Out: probes, each once, in a fixed order.
"""

import re
from collections.abc import Iterator, Sequence

from gatewayd.convert.contour.model import ContourModel, ModelRoute
from gatewayd.convert.edges import edges, hosts
from gatewayd.convert.journeys import Probe
from gatewayd.convert.values import mapping, text


def probes(model: ContourModel) -> tuple[Probe, ...]:
    """Return the requests that tell one reading from another."""
    return tuple(dict.fromkeys(_probes(model)))


def _probes(model: ContourModel) -> Iterator[Probe]:
    for name in sorted(model.roots):
        routes = model.routes(name)
        headers = dict.fromkeys([(), *(tuple(dict(_headers(route)).items()) for route in routes)])
        for host in hosts(name):
            for path in dict.fromkeys(_paths(routes)):
                for scheme in ("http", "https") if model.is_secured(host) else ("http",):
                    yield from (Probe(scheme=scheme, host=host, path=path, headers=each) for each in headers)


def _paths(routes: Sequence[ModelRoute]) -> Iterator[str]:
    yield from ("/", "/other", "/other/x")
    for route in routes:
        rest = next((text(each[kind]) for each in route.conditions for kind in ("exact", "regex") if kind in each), "")
        yield from edges(re.sub(r"/+", "/", f"{route.prefix}{rest}"))


def _headers(route: ModelRoute) -> Iterator[tuple[str, str]]:
    for each in route.conditions:
        header = mapping(each.get("header"))
        if header:
            value = next((text(header[kind]) for kind in ("exact", "contains", "regex") if kind in header), "x")
            yield text(header.get("name")), re.sub(r"\.[*+]", "x", value) if "regex" in header else value
