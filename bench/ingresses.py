"""Many Ingress hosts on one Gateway: N Ingresses with a host each, in NAMESPACES namespaces; and a host of SHARED more.

`python -m bench.ingresses N ANNOTATED` prints one JSON line: cold translation, RSS, then one path that changes, one
backend's endpoints that change and one Ingress added, CPU milliseconds (median) and queries (most) each; then a path of
the host that SHARED Ingresses have together. ANNOTATED 1: the class asks for the annotations of ingress-nginx, and each
Ingress has two.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from bench.inputs import delta, endpoints, service, surroundings
from bench.listenersets import Measured
from bench.process import usage
from gatewayd.api.ingress import NGINX_PREFIX
from gatewayd.api.ingressclass import NGINX_ANNOTATIONS
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.own_group import CONTROLLER, ingress_controller
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta

NAMESPACES: Final = 50
"""So many that the quota of a namespace is not reached at 100,000."""
SHARED: Final = 500
_VERSION: Final = "networking.k8s.io/v1"


def ingress_class(*, annotated: bool) -> Delta:
    parameters = {
        "apiGroup": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "gw",
        "namespace": "bench",
        "scope": "Namespace",
    }
    annotations = {NGINX_ANNOTATIONS: "strict"} if annotated else {}
    return delta(
        {
            "apiVersion": _VERSION,
            "kind": "IngressClass",
            "metadata": {"name": "web", "annotations": annotations},
            "spec": {"controller": ingress_controller(CONTROLLER), "parameters": parameters},
        }
    )


def ingress(number: int, seed: int, *, annotated: bool) -> Delta:
    return _ingress(f"site-{number}", number, (f"/v{seed}", "/"), host=f"h{number}.example", annotated=annotated)


def sharing(number: int, seed: int, *, annotated: bool) -> Delta:
    """Return one of the Ingresses of the one host."""
    paths = (f"/{number % 7}/{number}/v{seed}", f"/{number}")
    return _ingress(f"part-{number}", number, paths, host="shared.example", annotated=annotated)


def _ingress(name: str, number: int, texts: tuple[str, ...], *, host: str, annotated: bool) -> Delta:
    namespace = f"tenant-{number % NAMESPACES}"
    notes = {"proxy-read-timeout": str(60 + number % 7), "whitelist-source-range": "10.0.0.0/8"} if annotated else {}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend} for path in texts]
    return delta(
        {
            "apiVersion": _VERSION,
            "kind": "Ingress",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "annotations": {f"{NGINX_PREFIX}{note}": text for note, text in notes.items()},
            },
            "spec": {"ingressClassName": "web", "rules": [{"host": host, "http": {"paths": paths}}]},
        }
    )


def everything(hosts: int, *, annotated: bool) -> Iterator[Delta]:
    yield Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
    yield from surroundings(0)
    yield ingress_class(annotated=annotated)
    for number in range(NAMESPACES):
        yield service("web", f"tenant-{number}")
        yield endpoints("web", f"10.0.0.{number}", f"tenant-{number}")
    for number in range(hosts):
        yield ingress(number, 0, annotated=annotated)


def measure(hosts: int, *, annotated: bool) -> dict[str, Any]:
    tune_collector()
    measured = Measured(list(everything(hosts, annotated=annotated)))
    # The first change after a start also takes in what the start itself led to.
    measured.change([ingress(0, 1, annotated=annotated)])
    snapshot = measured.reconciler.snapshots[GatewayFleet(namespace="bench", name="gw")]
    return {
        "hosts": hosts,
        "annotated": int(annotated),
        "cold_cpu_s": round(measured.cold, 2),
        "cold_cpu_ms_per_host": round(measured.cold / hosts * 1000, 3),
        "rss_mib": round(usage().rss, 1),
        **measured.changes("path", lambda at: [ingress(at * 7919 % hosts, at + 2, annotated=annotated)]),
        **measured.changes("endpoints", lambda at: [endpoints("web", f"10.1.0.{at}", f"tenant-{at}")]),
        **measured.changes("added", lambda at: [ingress(hosts + at, 0, annotated=annotated)]),
        "resources": sum(len(each) for each in snapshot.resources.values()),
        **of_shared(measured, annotated=annotated),
    }


def of_shared(measured: Measured, *, annotated: bool) -> dict[str, Any]:
    """Measure a host that hundreds of Ingresses have together."""
    measured.change([sharing(number, 0, annotated=annotated) for number in range(SHARED)])
    measured.change([sharing(0, 1, annotated=annotated)])
    return {
        "shared": SHARED,
        **measured.changes("shared_path", lambda at: [sharing(at * 37 % SHARED, at + 2, annotated=annotated)]),
        **measured.changes("shared_added", lambda at: [sharing(SHARED + at, 0, annotated=annotated)]),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), annotated=sys.argv[2:3] == ["1"])))
