"""A server on a port of the node that shows the API server's own certificate, whatever it is and says."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from conformance.scenarios.world import World

_MOST_BYTES = 16 << 20
"""Of the body of a request."""


@asynccontextmanager
async def shown_as_api_server(
    world: World, port: int, handle: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> AsyncIterator[None]:
    """Have all requests to a port handled until the block ends."""
    inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    inward.load_cert_chain(world.run.certificates / "api-server.crt", world.run.certificates / "api-server.key")
    app = web.Application(client_max_size=_MOST_BYTES)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", port, ssl_context=inward).start()
    try:
        yield
    finally:
        await runner.cleanup()
