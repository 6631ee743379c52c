"""N Envoys without an Envoy: `python -m bench.clients SOCKET N`. Prints a line once all of them have everything."""

import asyncio
import sys

from bench.peers.build import built
from bench.peers.process import program

PATIENCE = 300
DRAIN = "1"
"""Seconds for which listeners drain, so that soon nothing waits for that."""


async def main() -> None:
    socket, clients = sys.argv[1:]
    where = ("-address", f"unix:{socket}", "-clients", clients, "-drain", DRAIN)
    async with program(str(built() / "adsclient"), *where) as envoys:
        await envoys.ask({"do": "connect"})
        print(await envoys.ask({"do": "complete", "seconds": PATIENCE}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
