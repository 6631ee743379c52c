"""Cold translation and one-route changes at several sizes, each size in a process of its own.

`python -m bench.translation N` prints one JSON line: CPU and wall seconds from decoded objects to bytes ready.
"""

import gc
import json
import statistics
import sys
import time
from typing import Any

from bench.inputs import delta, route, surroundings
from bench.process import usage
from bench.publishers import ToNobody
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta
from gatewayd.xds.resource import ROUTE

CHANGES = 30


def cold(reconciler: Reconciler, routes: int, services: int) -> tuple[float, float]:
    """Translate everything at once; return wall and CPU seconds."""
    events = [Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *surroundings(services)]
    events += [delta(route(number, services, 0)) for number in range(routes)]
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    reconciler.submit(events)
    reconciler.step()
    return time.perf_counter() - began, time.process_time() - cpu


def measure(routes: int) -> dict[str, Any]:
    tune_collector()
    batches: list[Batch] = []
    reconciler = Reconciler(publisher=ToNobody(), on_batch=batches.append, awaited=())
    services = max(1, routes // 10)
    before = usage().rss
    cold_wall, cold_cpu = cold(reconciler, routes, services)
    bytes_of_routes = sum(
        len(each.body) for each in reconciler.snapshots[GatewayFleet(namespace="bench", name="gw")].of(ROUTE).values()
    )
    changes, queries = [], []
    for seed in range(CHANGES + 1):
        event = delta(route(seed * 7919 % routes, services, seed + 1))
        cpu = time.process_time()
        reconciler.submit((event,))
        reconciler.step()
        changes.append(time.process_time() - cpu)
        queries.append(batches[-1].queries)
    # The first change after a start also takes in what the start itself led to: rows that are derived, as LAST_GOOD is.
    first_queries, *queries = queries
    changes = changes[1:]
    return {
        "routes": routes,
        "cold_wall_s": round(cold_wall, 3),
        "cold_cpu_s": round(cold_cpu, 3),
        "cold_cpu_ms_per_route": round(cold_cpu / routes * 1000, 4),
        "change_cpu_ms_median": round(statistics.median(changes) * 1000, 3),
        "change_cpu_ms_max": round(max(changes) * 1000, 3),
        "change_queries_median": statistics.median(queries),
        "change_queries_max": max(queries),
        "first_change_queries": first_queries,
        "route_configuration_bytes": bytes_of_routes,
        "rss_mib": round(usage().rss, 1),
        "rss_before_mib": round(before, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
