"""How long two protobuf libraries take to write one route table: `python docs/second_reader.py`.

xds-protos is what gatewayd uses, envoy-data-plane is the second reader of its tests (docs/decisions/0003).
"""  # noqa: INP001 - a program beside the page that quotes it, no package

import sys
import time
from collections.abc import Callable
from typing import Final

from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy_data_plane.envoy.config.route import v3 as pure_python

ROUTES: Final = 5_000
REPEATS: Final = 3


def table() -> route_pb2.RouteConfiguration:
    """Return a table of ROUTES routes in one virtual host."""
    pb = route_components_pb2
    routes = [
        pb.Route(match=pb.RouteMatch(prefix=f"/{number}"), route=pb.RouteAction(cluster=f"cluster-{number}"))
        for number in range(ROUTES)
    ]
    host = pb.VirtualHost(name="host", domains=["host.example"], routes=routes)
    return route_pb2.RouteConfiguration(name="table", virtual_hosts=[host])


def milliseconds(write: Callable[[], bytes]) -> float:
    """Return the CPU time of the fastest of a few."""
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        write()
        times.append(time.process_time() - began)
    return min(times) * 1000


def main() -> None:
    """Measure and print both."""
    compiled = table()
    pure = pure_python.RouteConfiguration().parse(compiled.SerializeToString())
    fast, slow = milliseconds(compiled.SerializeToString), milliseconds(lambda: bytes(pure))
    same = compiled.SerializeToString() == bytes(pure)
    sys.stdout.write(f"{ROUTES} routes, {len(bytes(pure))} bytes, {'equal' if same else 'different'}\n")
    sys.stdout.write(f"xds-protos        {fast:10.1f} ms\n")
    sys.stdout.write(f"envoy-data-plane  {slow:10.1f} ms, {slow / fast:.0f} times as long\n")


if __name__ == "__main__":
    main()
