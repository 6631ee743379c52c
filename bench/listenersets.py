"""Many ListenerSets on one Gateway: N HTTPS listeners, each with a hostname and a route of its own.

`python -m bench.listenersets N` prints one JSON line.
"""

import base64
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.inputs import GROUP, delta, surroundings
from bench.process import usage
from gatewayd.identity.certificates import Subject, issue, make_ca
from gatewayd.memory import tune_collector
from gatewayd.offline import offline
from gatewayd.store import Delta
from gatewayd.translator.gatewayclass import DEFAULT_ENVIRONMENT
from gatewayd.xds.resource import LISTENER, ROUTE


def listeners(count: int) -> Iterator[Delta]:
    now = datetime.now(UTC)
    pair = issue(make_ca(now), Subject(common_name="bench", dns_names=("*.example",), uris=()), now)
    data = {"tls.crt": pair.certificate, "tls.key": bytes(pair.key)}
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    metadata = {"name": "tls", "namespace": "bench"}
    secret_type = "kubernetes.io/tls"  # noqa: S105 - the type of the Secret
    yield delta({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": secret_type, "data": encoded})
    base = {"name": "base", "port": 8080, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    allowed = {"namespaces": {"from": "All"}}
    spec = {"gatewayClassName": "gatewayd", "listeners": [base], "allowedListeners": allowed}
    yield delta(
        {"apiVersion": GROUP, "kind": "Gateway", "metadata": {"name": "gw", "namespace": "bench"}, "spec": spec}
    )
    for number in range(count):
        named = {"name": f"set-{number}", "namespace": "bench"}
        tls = {"certificateRefs": [{"name": "tls"}]}
        entry = {"name": "https", "port": 8443, "protocol": "HTTPS", "hostname": f"h{number}.example", "tls": tls}
        wanted: dict[str, Any] = {"parentRef": {"name": "gw"}, "listeners": [entry]}
        yield delta({"apiVersion": GROUP, "kind": "ListenerSet", "metadata": named, "spec": wanted})
        parent = {"kind": "ListenerSet", "name": f"set-{number}"}
        rules = [{"backendRefs": [{"name": "service-0", "port": 80}]}]
        yield delta(
            {
                "apiVersion": GROUP,
                "kind": "HTTPRoute",
                "metadata": named,
                "spec": {"parentRefs": [parent], "rules": rules},
            }
        )


def measure(count: int) -> dict[str, Any]:
    tune_collector()
    events = [*surroundings(1), *listeners(count)]
    wall, cpu = time.perf_counter(), time.process_time()
    found = offline(events, DEFAULT_ENVIRONMENT)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    snapshot = found.snapshots["bench/gw"]
    return {
        "listener_sets": count,
        "cold_wall_s": round(wall, 2),
        "cold_cpu_ms_per_set": round(cpu / count * 1000, 3),
        "listener_bytes": sum(len(each.body) for each in snapshot.of(LISTENER).values()),
        "route_configurations": len(snapshot.of(ROUTE)),
        "rss_mib": round(usage().rss, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
