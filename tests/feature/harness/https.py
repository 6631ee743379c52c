"""HTTPS listeners for tests, and how a client finds them shut."""

import asyncio
import ssl

from tests.feature.harness.http1 import Answer
from tests.feature.harness.pki import Pair, authority
from tests.feature.harness.world import World

CA = authority()
ALL = "allowedRoutes: {namespaces: {from: All}}"
REFUSED = (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)
"""What a client sees of a handshake that fails: with TLS 1.3 not before it reads."""


def https(name: str, port: str, refs: str, hostname: str = "") -> str:
    """Return an HTTPS listener on the port of a name, for `gateway`."""
    host = f", hostname: '{hostname}'" if hostname else ""
    return f"  - {{name: {name}, port: <{port}>, protocol: HTTPS{host}, tls: {{certificateRefs: [{refs}]}}, {ALL}}}\n"


def plain(name: str, port: str) -> str:
    """Return an HTTP listener on the port of a name, for `gateway`."""
    return f"  - {{name: {name}, port: <{port}>, protocol: HTTP, {ALL}}}\n"


def gateway(name: str, *listeners: str, tls: str = "") -> str:
    """Return a Gateway in namespace infra; `tls` is its spec.tls."""
    more = f"  tls: {tls}\n" if tls else ""
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: infra}}
spec:
  gatewayClassName: gatewayd
{more}  listeners:
{"".join(listeners)}"""


async def secure(world: World, port: str, server_name: str, *, client: Pair | None = None) -> Answer:
    """Ask for the host `server_name` over TLS, with or without a client certificate."""
    tls = CA.trusting(client=client)
    return await world.ask("/", host=server_name, port=port, tls=tls, server_name=server_name)
