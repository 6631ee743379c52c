"""N Envoys without an Envoy: `python -m bench.clients SOCKET N`. Prints a line once all of them have everything."""

import asyncio
import sys

from bench.peers.build import built
from bench.peers.process import program

PATIENCE = 300


async def main() -> None:
    socket, clients = sys.argv[1:]
    async with program(str(built() / "adsclient"), "-address", f"unix:{socket}", "-clients", clients) as envoys:
        await envoys.ask({"do": "connect"})
        print(await envoys.ask({"do": "complete", "seconds": PATIENCE}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
