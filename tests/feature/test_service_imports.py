"""ServiceImport as a backend of every kind of route: two clusters by their slices, with a real Envoy.

https://gateway-api.sigs.k8s.io/geps/gep-1748/
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness.closed_loop import closed_loop, said
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.pki import authority, serving
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CA = authority()
BASE = GATEWAY + CA.configmap("ca", namespace="shop")
REF = "{group: multicluster.x-k8s.io, kind: ServiceImport, name: store, port: 80}"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def secure_backend(shared_world: World) -> AsyncIterator[None]:
    await shared_world.backend("secure", tls=serving(CA.issue("inner.example")))
    yield


def store(more: str = "", *, ports: str = "[{name: web, port: 80, protocol: TCP}]", annotations: str = "") -> str:
    return f"""---
apiVersion: multicluster.x-k8s.io/v1beta1
kind: ServiceImport
metadata: {{name: store, namespace: shop, annotations: {{{annotations}}}}}
spec: {{type: ClusterSetIP, ports: {ports}{more}}}
"""


def piece(world: World, backend: str, cluster: str, *, port: str = "web", zone: str = "") -> str:
    where = f", zone: {zone}" if zone else ""
    return f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: store-{cluster}
  namespace: shop
  labels: {{multicluster.kubernetes.io/service-name: store, multicluster.kubernetes.io/source-cluster: {cluster}}}
addressType: IPv4
ports: [{{name: {port}, port: {world.backends[backend].port}, protocol: TCP}}]
endpoints: [{{addresses: [127.0.0.1]{where}}}]
"""


def route(kind: str = "HTTPRoute", ref: str = REF) -> str:
    return http_route("r", f"- {{filters: [<route:r>], backendRefs: [{ref}]}}", host="r.example", kind=kind)


async def who(world: World, count: int = 12) -> set[str]:
    return {(await world.ask("/", host="r.example")).said[2] or "" for _ in range(count)}


async def test_requests_go_to_all_clusters_and_none_is_lost_when_one_goes(world: World) -> None:
    await world.apply(store(), piece(world, "one", "east"), piece(world, "two", "west"), route())
    assert await who(world) == {"one", "two"}
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r", "one"), said("r", "two"))
        for _ in range(5):
            await world.remove("EndpointSlice shop/store-east")
            assert await who(world) == {"two"}
            await world.apply(piece(world, "one", "east"))
            await loop.turns(2)
    assert loop.wrong == []


async def test_a_service_of_the_same_name_is_another_one(world: World) -> None:
    service = """
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
"""
    local = piece(world, "three", "here").replace(
        "multicluster.kubernetes.io/service-name", "kubernetes.io/service-name"
    )
    await world.apply(store(), service, local, piece(world, "one", "east"), route())
    assert await who(world) == {"one"}
    await world.apply(route(ref="{name: store, port: 80}"))
    assert await who(world) == {"three"}
    both = (
        "{name: store, port: 80, weight: 1}, {group: multicluster.x-k8s.io, kind: ServiceImport, name: store, port: 80}"
    )
    await world.apply(route(ref=both))
    assert await who(world, 40) == {"one", "three"}


async def test_without_slices_a_derived_service_or_addresses_stand_for_it(world: World) -> None:
    await world.apply(store(), route())
    assert (await world.ask("/", host="r.example")).status == 503
    await world.apply(store(annotations="multicluster.kubernetes.io/derived-service: two"))
    assert await who(world) == {"two"}
    port = world.backends["three"].port
    ref = f"{{group: multicluster.x-k8s.io, kind: ServiceImport, name: store, port: {port}}}"
    await world.apply(store(", ips: [127.0.0.1]", ports=f"[{{port: {port}, protocol: TCP}}]"), route(ref=ref))
    assert await who(world) == {"three"}


async def test_a_headless_one_has_the_ports_of_its_slices(world: World) -> None:
    port = world.backends["one"].port
    ref = f"{{group: multicluster.x-k8s.io, kind: ServiceImport, name: store, port: {port}}}"
    headless = store().replace("ClusterSetIP, ports: [{name: web, port: 80, protocol: TCP}]", "Headless")
    await world.apply(headless, piece(world, "one", "east"), route(ref=ref))
    assert await who(world) == {"one"}


@pytest.mark.parametrize(
    ("ref", "reason", "words"),
    [
        (REF.replace("80", "81"), "BackendNotFound", "has no port 81 (TCP); ports: 80/TCP"),
        (REF.replace(", port: 80", ""), "BackendNotFound", "has no port None (TCP); ports: 80/TCP"),
        (REF.replace("store", "gone"), "BackendNotFound", 'ServiceImport "shop/gone" does not exist'),
        (REF.replace("port: 80", "port: 80, namespace: vault"), "RefNotPermitted", "no ReferenceGrant there allows it"),
    ],
)
async def test_what_leads_nowhere_is_said(world: World, ref: str, reason: str, words: str) -> None:
    await world.apply(store(), piece(world, "one", "east"), route(ref=ref))
    resolved = world.route("HTTPRoute shop/r")["ResolvedRefs"]
    assert state(resolved) == (False, reason)
    assert words in resolved.message
    assert (await world.ask("/", host="r.example")).status == 500


async def test_a_grant_leads_to_the_import_of_another_namespace(world: World) -> None:
    away = "".join(
        each.replace("namespace: shop", "namespace: vault") for each in (store(), piece(world, "one", "east"))
    )
    grant = """---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: vault}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
  to: [{group: multicluster.x-k8s.io, kind: ServiceImport}]
"""
    await world.apply(away, grant, route(ref=REF.replace("port: 80", "port: 80, namespace: vault")))
    assert await who(world) == {"one"}


async def test_tls_of_a_backendtlspolicy_and_policies_of_backends(world: World) -> None:
    tls = """---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: tls, namespace: shop}
spec:
  targetRefs: [{group: multicluster.x-k8s.io, kind: ServiceImport, name: store, sectionName: web}]
  validation: {hostname: inner.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}
"""
    await world.apply(store(), piece(world, "secure", "east"), route(), tls)
    assert await who(world) == {"secure"}
    told: Any = world.outcome("BackendTLSPolicy shop/tls")
    assert {each.ref.name: state(each.verdicts[0]) for each in told.ancestors} == {"edge": (True, "Accepted")}
    await world.apply(tls.replace("hostname: inner.example", "hostname: other.example"))
    assert await who(world, 2) == {""}
    await world.remove("BackendTLSPolicy shop/tls")
    small = policy(
        "BackendPolicy", "calm", target("ServiceImport", "store"), "default: {limits: {requests: 1}}", namespace="shop"
    )
    one = world.backends["one"]
    await world.apply(piece(world, "one", "east"), small)
    waiting = asyncio.create_task(world.ask("/", ("x-echo-wait", "1"), host="r.example"))
    await one.received(lambda requests: any(each.all("x-echo-wait") for each in requests))
    assert (await world.ask("/", host="r.example")).status == 503
    one.gate.set()
    assert (await waiting).status == 200
    said_of_policy: Any = world.outcome("BackendPolicy shop/calm")
    (ancestor,) = said_of_policy.ancestors
    assert (ancestor.ref.kind, state(ancestor.verdicts[0])) == ("ServiceImport", (True, "Accepted"))


async def test_connections_go_there_as_well(world: World) -> None:
    gateway = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: tcp, port: <tcp>, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}
"""
    to_import = http_route(
        "t", f"- {{backendRefs: [{REF}]}}", kind="TCPRoute", parent="name: edge, namespace: infra, sectionName: tcp"
    )
    await world.apply(gateway, store(), piece(world, "two", "west"), to_import)
    assert (await world.ask("/", host="any.example", port="tcp")).said[2] == "two"
