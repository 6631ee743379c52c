"""What a line of the access log costs Envoy: `python -m bench.access_log`. Prints one JSON line.

Envoys beside each other write nothing, a line for each request as they do unasked, and one with all fields. They are
asked in rounds that alternate; CPU is that of Envoy alone. Of each the lowest round counts, and the median says how
far rounds are apart.
"""

import asyncio
import json
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.hosts import running
from bench.inputs import delta
from bench.largehost import Backend
from bench.requests import ASKED, ROUNDS, cost, objects
from bench.tables_envoy import free_port
from gatewayd.ir.access_log import FIELDS
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import API_VERSION
from gatewayd.store import Delta

SECTIONS: Final[dict[str, dict[str, Any] | None]] = {
    "nothing": {"write": "Nothing"},
    "usual": None,
    "all": {"fields": list(FIELDS)},
}


def _policy(section: dict[str, Any]) -> Delta:
    gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw"}
    return delta(
        {
            "apiVersion": API_VERSION,
            "kind": "ReportPolicy",
            "metadata": {"name": "log", "namespace": "bench"},
            "spec": {"targetRefs": [gateway], "default": {"accessLog": section}},
        }
    )


async def measure(folder: Path) -> dict[str, Any]:
    """Return the microseconds of a request, and what a line adds to them."""
    backend, spent = free_port(), defaultdict[str, list[float]](list)
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", backend)
    async with AsyncExitStack() as stack:
        envoys = {}
        for name, section in SECTIONS.items():
            own = folder / name
            own.mkdir(mode=0o700)
            port, of = free_port(), await stack.enter_async_context(running(own))
            policies = () if section is None else (_policy(section),)
            await of.apply(*objects(RouteDiscovery.PER_LISTENER, port, backend), *policies)
            envoys[name] = (of, port)
        for _ in range(ROUNDS):
            for name, (of, port) in envoys.items():
                spent[name].append(await cost(of, port, ASKED["exact"]))
    server.close()
    lowest = {name: min(values) for name, values in spent.items()}
    return {
        "rounds": ROUNDS,
        "request_us": round(lowest["nothing"], 2),
        "usual_line_us": round(lowest["usual"] - lowest["nothing"], 2),
        "full_line_us": round(lowest["all"] - lowest["nothing"], 2),
        "usual_line_median_us": round(median(spent["usual"]) - median(spent["nothing"]), 2),
    }


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()
