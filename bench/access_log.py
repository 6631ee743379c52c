"""What a line of the access log costs Envoy: `python -m bench.access_log`. Prints one JSON line.

Envoys beside each other write nothing, a line for each request as they do unasked, and one with all fields. They are
asked in short rounds, there and back; CPU is that of Envoy alone, with what the system does to write. A line costs the
median of the differences of rounds: in sums, and in lowest rounds, what disturbs one of them counts in full.
"""

import asyncio
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from bench.in_turn import difference
from bench.inputs import delta
from bench.requests import ASKED, beside, cost
from gatewayd.ir.access_log import FIELDS
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import API_VERSION
from gatewayd.store import Delta

ROUNDS: Final = 80
REQUESTS: Final = 500

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
    spent = defaultdict[str, list[float]](list)
    policies = {name: () if section is None else (_policy(section),) for name, section in SECTIONS.items()}
    given = {name: (RouteDiscovery.PER_LISTENER, more) for name, more in policies.items()}
    async with beside(folder, given) as envoys:
        turn = list(envoys.items())
        for at in range(ROUNDS):
            for name, (of, port) in reversed(turn) if at % 2 else turn:
                spent[name].append(await cost(of, port, ASKED["exact"], REQUESTS))
    usual, full = (difference(spent[name], spent["nothing"]) for name in ("usual", "all"))
    return {
        "rounds": ROUNDS,
        "request_us": round(min(spent["nothing"]), 2),
        "usual_line_us": round(usual.median, 2),
        "usual_line_spread_us": round(usual.spread, 2),
        "full_line_us": round(full.median, 2),
        "full_line_spread_us": round(full.spread, 2),
    }


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()
