"""Requests at the edges of what VirtualServices say.

In: the model. Out: probes, each once, in a fixed order.
"""

import re
from collections.abc import Iterator, Sequence

from gatewayd.convert.draft import JSON
from gatewayd.convert.edges import edges, hosts
from gatewayd.convert.istio.model import IstioModel
from gatewayd.convert.journeys import Probe
from gatewayd.convert.values import items, mapping, text


def probes(model: IstioModel) -> tuple[Probe, ...]:
    """Return the requests that tell one reading from another."""
    return tuple(dict.fromkeys(_probes(model)))


def _probes(model: IstioModel) -> Iterator[Probe]:
    for scheme, names in model.names.items():
        for name, served in sorted(names.items()):
            rules = [rule for each in served for rule in model.rules(each.owner)]
            matches = [match for rule in rules for each in rule.both for match in items(each.get("match"))]
            headers = dict.fromkeys([(), *(tuple(_headers(match)) for match in matches)])
            # Who asks by TLS for a name that nobody has is not spoken to, by either.
            for host in (
                each for each in hosts(name) if scheme == "http" or model.name_of(scheme, each.lower()) is not None
            ):
                for path in dict.fromkeys(_paths(matches)):
                    yield from (Probe(scheme=scheme, host=host, path=path, headers=each) for each in headers)


def _paths(matches: Sequence[JSON]) -> Iterator[str]:
    yield from ("/", "/other", "/other/x")
    for match in matches:
        for each in mapping(match.get("uri")).values():
            yield from edges(text(each))


def _headers(match: JSON) -> Iterator[tuple[str, str]]:
    for name, each in mapping(match.get("headers")).items():
        if name.startswith(":"):
            continue
        wanted = mapping(each)
        value = next((text(wanted[kind]) for kind in ("exact", "prefix", "regex") if kind in wanted), "x")
        yield name, re.sub(r"\.[*+]", "x", value) if "regex" in wanted else value
