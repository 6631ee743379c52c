"""AccessPolicy, section clients, for TCPRoutes and TLSRoutes, with a real Envoy."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness import http1
from tests.feature.harness.echo import tcp_backend
from tests.feature.harness.manifests import service
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ()
BASE = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: tcp, port: <tcp>, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}
  - {name: other, port: <other>, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}
"""


def tcp_route(name: str, section: str) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {{name: {name}, namespace: shop}}
spec:
  parentRefs: [{{name: edge, namespace: infra, sectionName: {section}}}]
  rules: [{{backendRefs: [{{name: one, port: 80}}]}}]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def backend(shared_world: World) -> AsyncIterator[None]:
    found = await shared_world.stack.enter_async_context(tcp_backend("one"))
    await shared_world.apply(service("one", found.port), tcp_route("r", "tcp"), tcp_route("o", "other"))
    yield


async def greeted(world: World, port: str, source: str) -> bool:
    try:
        connection = await http1.connect(world.port(port), source=source)
    except ConnectionError:
        return False
    try:
        return await connection.reader.readline() == b"one\n"
    except ConnectionError:
        return False
    finally:
        await connection.close()


def deny(at: str, cidr: str, name: str = "a", namespace: str = "shop") -> str:
    sections = f"override: {{clients: {{deny: [{{cidr: {cidr}}}]}}}}"
    return policy("AccessPolicy", name, at, sections, namespace=namespace)


async def test_connections_of_clients_who_may_not_come_in_are_closed(world: World) -> None:
    await world.apply(deny(target("TCPRoute", "r"), "127.0.0.2"))
    assert not await greeted(world, "tcp", "127.0.0.2")
    assert await greeted(world, "tcp", "127.0.0.3")
    assert await greeted(world, "other", "127.0.0.2")
    await world.apply(deny(target("Gateway", "edge"), "127.0.0.3", "b", "infra"))
    assert not await greeted(world, "tcp", "127.0.0.2")
    assert not await greeted(world, "tcp", "127.0.0.3")
    assert not await greeted(world, "other", "127.0.0.3")
    assert await greeted(world, "other", "127.0.0.2")
    await world.remove("AccessPolicy shop/a", "AccessPolicy infra/b")
    assert await greeted(world, "tcp", "127.0.0.2")


async def test_what_cannot_be_honoured_closes_the_routes_connections_and_no_others(world: World) -> None:
    await world.apply(deny(target("TCPRoute", "r"), "127.0.0.1/8"))
    assert not await greeted(world, "tcp", "127.0.0.3")
    assert await greeted(world, "other", "127.0.0.3")
    outcome: Any = world.outcome("AccessPolicy shop/a")
    ((found,),) = [each.verdicts for each in outcome.ancestors]
    assert (found.status, found.reason) == (False, "Invalid")
    assert found.message.startswith("spec.override.clients.deny[0].cidr: ")
