"""Services of an HTTPProxy's routes: where requests go, and what is said of connections to them.

https://projectcontour.io/docs/main/config/api/#projectcontour.io/v1.Service
"""

from typing import Any, Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.contour.passage import headers, milliseconds
from gatewayd.convert.draft import JSON, DraftObject
from gatewayd.convert.fields import Fields
from gatewayd.convert.read_source import ReadSource
from gatewayd.convert.services import backend_policy, backend_ref, backend_tls_policy
from gatewayd.convert.spans import duration

_STRATEGIES: Final = {
    "RoundRobin": "RoundRobin",
    "WeightedLeastRequest": "LeastRequest",
    "Random": "Random",
}
_COOKIE: Final = "X-Contour-Session-Affinity"
_WHOLE: Final = 100
_H2C: Final = "kubernetes.io/h2c"


class ServiceSettings:
    """What is said of Services so far; of two routes that say something else of the same one, the first counts."""

    def __init__(self) -> None:
        self._sections: dict[ObjectKey, tuple[dict[str, Any], ReadSource]] = {}
        self._tls: dict[ObjectKey, tuple[JSON, ReadSource]] = {}

    def say(self, owner: ReadSource, route: Fields, key: ObjectKey, sections: dict[str, Any]) -> None:
        """Take what a route says of a Service."""
        if not sections:
            return
        taken, first = self._sections.setdefault(key, (sections, owner))
        if taken != sections:
            route.lost("", f"{first.source.name} says something else of connections to {key}, which counts for both")

    def secure(self, owner: ReadSource, key: ObjectKey, validation: JSON) -> None:
        """Take that a Service is spoken to by TLS."""
        self._tls.setdefault(key, (validation, owner))

    def objects(self) -> tuple[DraftObject, ...]:
        """Return a BackendPolicy and a BackendTLSPolicy for each Service that something is said of."""
        return (
            *(backend_policy(key, said, owner.source.name) for key, (said, owner) in sorted(self._sections.items())),
            *(backend_tls_policy(key, said, owner.source.name) for key, (said, owner) in sorted(self._tls.items())),
        )


def sections(route: Fields) -> dict[str, Any]:
    """Return the sections of a BackendPolicy that a route says something of."""
    idle = milliseconds(route.one("timeoutPolicy"), "idleConnection")
    found = {
        "loadBalancing": _load_balancing(route.one("loadBalancerPolicy")),
        "activeHealth": _active_health(route.one("healthCheckPolicy")),
        "connection": {"idleTimeout": duration(idle)} if idle is not None else {},
    }
    return {name: each for name, each in found.items() if each}


def _load_balancing(written: Fields) -> JSON:
    strategy = written.text("strategy")
    hashed = written.many("requestHashPolicies")
    if strategy == "Cookie":
        return {"type": "RingHash", "hashOn": [{"type": "Cookie", "name": _COOKIE, "ttl": "0s"}]}
    if strategy == "RequestHash":
        sources = [each for policy in hashed for each in _sources(policy)]
        return {"type": "RingHash", "hashOn": sources} if sources else {}
    if strategy and strategy not in _STRATEGIES:
        written.lost("strategy", f"{strategy} is none of {', '.join((*_STRATEGIES, 'Cookie', 'RequestHash'))}")
    return {"type": _STRATEGIES[strategy]} if strategy in _STRATEGIES else {}


def _sources(written: Fields) -> list[JSON]:
    written.ignore("terminal")
    header = written.one("headerHashOptions").text("headerName")
    parameter = written.one("queryParameterHashOptions").text("parameterName")
    address = written.boolean("hashSourceIP")
    return [
        *([{"type": "Header", "name": header}] if header else []),
        *([{"type": "Query", "name": parameter}] if parameter else []),
        *([{"type": "Address"}] if address else []),
    ]


def _active_health(written: Fields) -> JSON:
    if not written:
        return {}
    seconds = {name: written.number(f"{name}Seconds") for name in ("interval", "timeout")}
    counts = {name: written.number(f"{name[:-5]}ThresholdCount") for name in ("unhealthyAfter", "healthyAfter")}
    host = written.text("host")
    statuses = [
        status
        for each in written.many("expectedStatuses")
        for status in range(each.number("start"), each.number("end"))
    ]
    if len(statuses) > 16:
        written.lost("expectedStatuses", "16 statuses at most; what is good is the proxy's own")
        statuses = []
    return {
        "http": {
            "path": written.text("path"),
            **({"host": host} if host else {}),
            **({"statuses": statuses} if statuses else {}),
        },
        **{name: f"{number}s" for name, number in seconds.items() if number},
        **{name: number for name, number in counts.items() if number},
    }


def backends(owner: ReadSource, route: Fields, settings: ServiceSettings) -> tuple[tuple[JSON, ...], tuple[JSON, ...]]:
    """Return the backendRefs of a route, and the filters that copy its requests."""
    services = route.many("services")
    refs: list[JSON] = []
    copies: list[JSON] = []
    said = sections(route)
    sharing = [each for each in services if not each.boolean("mirror")]
    is_weighted = len(sharing) > 1 and any(each.number("weight") for each in sharing)
    for service in services:
        key = ObjectKey(owner.key.namespace, service.text("name"))
        ref = backend_ref(key, service.number("port"), key.namespace)
        speak(owner, service, key, settings)
        settings.say(owner, route, key, said)
        weight = service.number("weight")
        service.lost_if_written({
            "healthPort": "a BackendPolicy's activeHealth.port says it",
            "slowStartPolicy": "a BackendPolicy's loadBalancing.slowStart says it",
            "cookieRewritePolicies": "cookies of backends stay as they are",
        })  # fmt: skip
        filters = list(headers(service, of_route=False))
        if service.boolean("mirror"):
            share = {"percent": weight} if 0 < weight < _WHOLE else {}
            copies.append({"type": "RequestMirror", "requestMirror": {"backendRef": ref, **share}})
        else:
            own = {**({"weight": weight} if is_weighted else {}), **({"filters": filters} if filters else {})}
            refs.append({**ref, **own})
    return tuple(refs), tuple(copies)


def speak(owner: ReadSource, service: Fields, key: ObjectKey, settings: ServiceSettings) -> None:
    """Say how a Service is spoken to."""
    protocol, validation = service.text("protocol"), service.one("validation")
    if protocol in ("h2", "h2c"):
        service.manual("protocol", f"write `appProtocol: {_H2C}` into the port of the Service")
    if protocol in ("tls", "h2"):
        names = (validation.text("subjectName"), *validation.texts("subjectNames"))
        hostname = next((each for each in names if each), f"{key.name}.{key.namespace}.svc.cluster.local")
        settings.secure(owner, key, {"hostname": hostname, "wellKnownCACertificates": "System"})
        todo = "certificates are checked here, always: write the CA and the name into the BackendTLSPolicy"
        if not validation:
            service.manual("protocol", todo)
    if "caSecret" in validation:
        validation.manual("caSecret", "write its ca.crt into a ConfigMap, and name that in the BackendTLSPolicy")
