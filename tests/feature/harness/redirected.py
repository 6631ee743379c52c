"""Requests as the redirect of a node brings them: on a port of its proxy, said to be for an address of a Service.

On a node the kernel tells Envoy where a connection was for. Here the client does, by the PROXY protocol, which ends in
the same place: the connection's local address.
https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt
"""

from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.translator.mesh.frontends import Frontend
from tests.feature.harness import http1
from tests.feature.harness.http1 import Answer, Connection
from tests.feature.harness.world import World

POD = "10.244.0.5"
POD_OF_IPV6 = "fd00:244::5"


def announced(address: str, port: int) -> bytes:
    """Return what says that a connection of a pod is for an address and a port."""
    family, source = ("TCP6", POD_OF_IPV6) if ":" in address else ("TCP4", POD)
    return f"PROXY {family} {source} {address} 40000 {port}\r\n".encode()


def led_to(world: World, namespace: str, address: str, port: int) -> int:
    """Return the port of the proxy that a node leads a pod of a namespace to."""
    frontend = Frontend(namespace, address, port)
    keys = (each.key for each in world.reconciler.configs[MESH_FLEET].route_tables)
    own = (each for each in keys if (each.callers, each.destination) == (namespace, str(frontend)))
    return next((each.port for each in own), PRODUCER_PORT)


async def connect(proxy_port: int, address: str, port: int) -> Connection:
    """Open a connection for an address and a port, by a port of the proxy."""
    connection = await http1.connect(proxy_port)
    connection.writer.write(announced(address, port))
    return connection


async def ask(
    proxy_port: int,
    address: str,
    port: int,
    path: str = "/",
    *headers: tuple[str, str],
    host: str = "echo",
    method: str = "GET",
) -> Answer:
    """Send one request for an address and a port on a connection of its own."""
    connection = await connect(proxy_port, address, port)
    try:
        return await connection.ask(path, *headers, host=host, method=method)
    finally:
        await connection.close()
