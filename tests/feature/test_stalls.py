"""A control plane whose event loop stands still, and one that is told to end: proxies keep their streams, or move."""

import time
from pathlib import Path

import pytest

from tests.feature.ads_rig import (
    GATEWAY,
    Server,
    backend,
    eds_cluster,
    endpoints,
    envoy,
    listener,
    reach,
    routes,
    served,
    snapshot,
    stat,
)

pytestmark = pytest.mark.envoy

STALL_SECONDS = 4.0
HTTP2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def impatient(server: Server) -> Server:
    """Return the server for an Envoy that asks each second whether it is there, and waits for one more."""
    keepalive = {"interval": "1s", "timeout": "1s"}
    options = {
        "@type": f"type.googleapis.com/{HTTP2}",
        "explicit_http_config": {"http2_protocol_options": {"connection_keepalive": keepalive}},
    }
    return Server(address=server.address, tls={"typed_extension_protocol_options": {HTTP2: options}})


async def test_an_event_loop_that_stands_still_ends_no_stream(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        backend(tmp_path / "two", "two") as two,
    ):
        front = listener("l", tmp_path / "front", "r")
        fleet.publish(snapshot(eds_cluster("a"), endpoints("a", one), routes("r", "a"), front))
        async with envoy(tmp_path, impatient(server)):
            await fleet.synced()
            await reach(tmp_path / "front", "one")

            time.sleep(STALL_SECONDS)  # noqa: ASYNC251 - that nothing else runs meanwhile is the fault

            fleet.publish(snapshot(eds_cluster("a"), endpoints("a", two), routes("r", "a"), front))
            await reach(tmp_path / "front", "two")
            assert await stat(tmp_path, "cluster.xds.upstream_cx_total") == 1
            assert await stat(tmp_path, "cluster.xds.http2.keepalive_timeout") == 0


async def test_a_server_that_is_told_to_end_ends_at_once_and_proxies_serve_on(tmp_path: Path) -> None:
    async with backend(tmp_path / "one", "one") as one:
        world = (eds_cluster("a"), endpoints("a", one), routes("r", "a"), listener("l", tmp_path / "front", "r"))
        async with served(tmp_path) as (fleet, server):
            fleet.publish(snapshot(*world))
            process = envoy(tmp_path, server)
            await process.__aenter__()
            await fleet.synced()
            began = time.monotonic()
        try:
            assert time.monotonic() - began < 5
            await reach(tmp_path / "front", "one")
            async with served(tmp_path) as (next_fleet, _):
                next_fleet.publish(snapshot(*world))
                await next_fleet.until(lambda: any(len(each.types) >= 4 for each in next_fleet.proxies(GATEWAY)))
                await next_fleet.until(lambda: next_fleet.report(GATEWAY).acked_listeners == {"l"})
                assert next_fleet.sent() == 0
        finally:
            await process.__aexit__(None, None, None)
