"""What one tenant's objects contain is that tenant's trouble: everybody else is served, by replicas that stay up."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.scenarios import manifests
from conformance.scenarios.certificates import encoded
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP, World
from gatewayd.identity.certificates import make_ca
from gatewayd.infra import layout
from gatewayd.ir.infrastructure import object_name

_STRANGER = "stranger"
_QUOTA = "quota"


async def strangers(world: World) -> tuple[Figure, ...]:
    """Let a stranger do his worst beside a shop, and serve the shop; then take the leader away, and serve it again."""
    await world.install()
    await world.echoes("echo")
    for name in (_STRANGER, _QUOTA):
        await world.put(manifests.namespace(name))
    address = await _shared_gateway(world)
    before = await _starts(world)
    await world.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(_odd_objects()))
    told = [
        await _told(world, _STRANGER, "taken", "is there already and is not managed by gatewayd"),
        await _told(world, _QUOTA, "refused", "exceeded quota"),
    ]
    served = [await _serves(world, address, "first")]
    await world.kubectl("-n", layout.NAMESPACE, "delete", "pod", await world.elected(), "--wait=false")
    served.append(await _serves(world, address, "second"))
    await world.available(layout.NAMESPACE, "gatewayd")
    served.append(await _new_gateway(world))
    deployments = await _items(world, f"/apis/apps/v1/namespaces/{_STRANGER}/deployments")
    workloads = [each for each in deployments if each["metadata"]["name"] == object_name(_STRANGER, "taken")]
    events = [
        each
        for each in await _items(world, f"/api/v1/namespaces/{_QUOTA}/events")
        if "exceeded quota" in each["message"] and each["source"].get("component") == "gatewayd"
    ]
    return (
        none_of("replicas that ended by themselves", await _ended(world, before)),
        Figure(what="Gateways that say what is in their way, in the API server's words", value=sum(told), at_least=2),
        none_of("workloads made beside a name that is taken", len(workloads)),
        Figure(what="Events about a quota, by two leaders", value=len(events), at_least=1, at_most=2),
        Figure(what="edits of the shop that were served meanwhile", value=sum(served), at_least=3),
    )


async def _shared_gateway(world: World) -> str:
    """Make a Gateway that takes routes and listeners of all namespaces, and return its address."""
    everybody = {"namespaces": {"from": "All"}}
    item = manifests.gateway(SHOP, "gateway", {**manifests.http_listener(), "allowedRoutes": everybody})
    item["spec"]["allowedListeners"] = everybody
    await world.put(item)
    return await world.gateway_address(item)


def _odd_objects() -> list[manifests.Object]:
    taken = f"{object_name(_STRANGER, 'taken')}-xds"
    odd = _odd_certificate()
    key = encoded(bytes(make_ca(datetime.now(UTC)).key))
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": _QUOTA}}
    return [
        manifests.tls_secret(_STRANGER, taken, encoded(odd), key),
        manifests.gateway(_STRANGER, "taken"),
        quota | {"spec": {"hard": {"services.loadbalancers": "0"}}},
        manifests.gateway(_QUOTA, "refused"),
        manifests.tls_secret(_STRANGER, "odd", encoded(odd), key),
        manifests.gateway(_STRANGER, "tls", manifests.https_listener("odd.example", "odd")),
        _listener_set(),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "odd", "namespace": _STRANGER},
            "data": {"ca.crt": odd.decode()},
        },
        manifests.service(_STRANGER, "odd", {"app": "nobody"}),
        _policy(),
        _shared_route(),
    ]


def _odd_certificate() -> bytes:
    """Return PEM of a certificate of version 7, which readers take and then stumble over."""
    found = x509.load_pem_x509_certificate(make_ca(datetime.now(UTC)).certificate).public_bytes(Encoding.DER)
    at = found.index(b"\xa0\x03\x02\x01") + 4
    der = found[:at] + b"\x06" + found[at + 1 :]
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def _shared_route() -> manifests.Object:
    """Return a route of the shared Gateway to the Service whose policy is odd."""
    found = manifests.route(_STRANGER, "odd", ["policy.example"], "odd")
    found["spec"]["parentRefs"] = [{"name": "gateway", "namespace": SHOP}]
    return found


def _listener_set() -> manifests.Object:
    listener = manifests.https_listener("set.example", "odd")
    return {
        "apiVersion": manifests.GATEWAY_API,
        "kind": "ListenerSet",
        "metadata": {"name": "odd", "namespace": _STRANGER},
        "spec": {"parentRef": {"name": "gateway", "namespace": SHOP}, "listeners": [listener]},
    }


def _policy() -> manifests.Object:
    return {
        "apiVersion": manifests.GATEWAY_API,
        "kind": "BackendTLSPolicy",
        "metadata": {"name": "odd", "namespace": _STRANGER},
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": "odd"}],
            "validation": {
                "hostname": "odd.example",
                "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "odd"}],
            },
        },
    }


async def _items(world: World, path: str) -> list[Any]:
    found: list[Any] = (await world.api.get(path))["items"]
    return found


async def _starts(world: World) -> dict[str, int]:
    """Return how often each replica's container was started."""
    path = f"/api/v1/namespaces/{layout.NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=gatewayd"
    return {
        each["metadata"]["name"]: sum(one["restartCount"] for one in each["status"].get("containerStatuses", ()))
        for each in await _items(world, path)
    }


async def _ended(world: World, before: dict[str, int]) -> int:
    return sum(count - before.get(name, 0) for name, count in (await _starts(world)).items())


async def _told(world: World, where: str, name: str, words: str) -> bool:
    """Wait until a Gateway says in Programmed what is in its way."""
    path = manifests.path(manifests.gateway(where, name))

    async def tells() -> bool:
        conditions = (await world.api.get(path)).get("status", {}).get("conditions", ())
        return any(each["type"] == "Programmed" and words in each["message"] for each in conditions)

    await world.until(tells, f"{where}/{name} says {words!r}")
    return True


async def _serves(world: World, address: str, name: str) -> bool:
    """Make a route of the shop, and wait until it is served and accepted."""
    item = manifests.route(SHOP, name, [f"{name}.example"], "echo")
    await world.put(item)

    async def is_served() -> bool:
        status, said, pod = await asked(address, f"{name}.example")
        parents = (await world.api.get(manifests.path(item))).get("status", {}).get("parents", ())
        return (status, said) == (200, name) and pod.startswith("echo-") and bool(parents)

    await world.until(is_served, f"{name} is served and accepted")
    return True


async def _new_gateway(world: World) -> bool:
    """Make a Gateway after all of this, by a leader that has seen all of it."""
    address = await world.gateway(name="late")
    await world.put(manifests.route(SHOP, "late", ["late.example"], "echo", parent="late"))

    async def is_served() -> bool:
        return (await asked(address, "late.example"))[:2] == (200, "late")

    await world.until(is_served, "a Gateway that is made late serves")
    return True
