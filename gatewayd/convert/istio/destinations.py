"""Where rules of a VirtualService lead: Services, and subsets of them, which become Services of their own.

https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.services import Services, backend_ref, only_port
from gatewayd.translator.hostnames import named_service

_GUESS: Final = 80
Subsets = Mapping[tuple[ObjectKey, str], str]
"""The Service that stands for a subset of one, by the name of the subset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whither:
    """What destinations are looked up in: names without a namespace are of `namespace`, and routes of `routes_in`."""

    namespace: str
    routes_in: str
    services: Services
    subsets: Subsets


def destination_ref(written: Fields, whither: Whither, weight: int | None = None) -> JSON | None:
    """Return a backendRef to a destination; None for one that is no Service, which is told."""
    host, subset = written.text("host"), written.text("subset")
    number = written.one("port").number("number")
    named = named_service(host.lower(), whither.namespace)
    if named is None:
        message = f"{host} is no Service (NAME, or NAME.NAMESPACE.svc.cluster.local); an XBackend may stand for it"
        written.lost("host", message)
        return None
    key = ObjectKey(*named)
    port = number or only_port(whither.services, key)
    if not port:
        port = _GUESS
        written.manual("", f"no port is named, and the Service {key} is not among the files; port {port} is assumed")
    if subset:
        stands = whither.subsets.get((key, subset))
        if stands is None:
            written.lost("subset", f"no DestinationRule among the files has the subset {subset} of {key}")
            return None
        key = ObjectKey(key.namespace, stands)
    return backend_ref(key, port, whither.routes_in, weight)


def weighted_refs(routes: tuple[Fields, ...], whither: Whither, filters: list[list[JSON]]) -> tuple[JSON, ...]:
    """Return the backendRefs of a rule; `filters` are those of each."""
    total = sum(each.number("weight") for each in routes)
    refs: list[JSON] = []
    for each, own in zip(routes, filters, strict=True):
        weight = each.number("weight") if len(routes) > 1 and total else None
        ref: dict[str, Any] | None = dict(destination_ref(each.one("destination"), whither, weight) or {})
        if ref:
            refs.append({**ref, **({"filters": own} if own else {})})
    return tuple(refs)
