"""The CA of the xDS connections is replaced while proxies serve, and a deleted Gateway's certificate ends.

The steps of `gatewayd/identity/authority.py`, which take two years by themselves, are written into the CA's Secret one
after the other; a rolling restart of the replicas makes each of them known at once.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import grpc

from conformance.scenarios import manifests, witness, xdspki
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.identity.certificates import KeyPair, make_ca
from gatewayd.infra import layout
from gatewayd.untrusted.pem import is_issued_by

_GATEWAYS = ("gateway", "second")
_CA = f"/api/v1/namespaces/{layout.NAMESPACE}/secrets/{layout.AUTHORITY_SECRET}"
_REFUSALS = re.compile(rb"cluster\.gatewayd\.ssl\.(?:fail_verify\w*|connection_error): (\d+)")
_CLOSED_SECONDS = 5.0


async def trust(world: World) -> tuple[Figure, ...]:
    """Let a successor be believed, then sign, then be believed alone; then delete a Gateway."""
    await world.install(replicas=2)
    await world.echoes("echo")
    addresses = [await world.gateway(name=name) for name in _GATEWAYS]
    targets = await stable_routes(world, 5, "echo")
    await until_right(world, addresses[0], targets)
    old = await xdspki.of_gateway(world, SHOP, "gateway")
    successor = make_ca(datetime.now(UTC))
    async with load(world, f"{addresses[0]}:80", targets, rate=100) as running:
        await asyncio.sleep(1)
        before = await _ca(world)
        await _step(world, before | _pair("next", successor))
        both = await _believed(world, 2)
        turned = _pair("tls", successor) | {"retired.crt": before["tls.crt"]}
        await _step(world, turned)
        signed = await _signed(world, successor)
        in_overlap = await _refusals(world)
        is_old_taken = await _is_taken(world, old)
        await _step(world, turned | {"retired.crt": ""})
        alone = await _believed(world, 1)
        refused = await _refusals(world)
        is_old_refused = not await _is_taken(world, old)
        await asyncio.sleep(1)
    return (
        *running.figures(),
        Figure(what="Gateways whose proxies believe both", value=both, at_least=len(_GATEWAYS)),
        Figure(what="Gateways with a certificate of the new CA", value=signed, at_least=len(_GATEWAYS)),
        none_of("handshakes that an Envoy refused in the overlap", in_overlap),
        Figure(what="the old certificate is taken in the overlap", value=float(is_old_taken), at_least=1),
        Figure(what="Gateways whose proxies believe the new CA alone", value=alone, at_least=len(_GATEWAYS)),
        none_of("handshakes that an Envoy refused afterwards", refused - in_overlap),
        Figure(what="the old certificate is refused afterwards", value=float(is_old_refused), at_least=1),
        *await _deleted(world),
    )


async def _ca(world: World) -> dict[str, str]:
    return dict((await world.api.get(_CA))["data"])


def _pair(name: str, pair: KeyPair) -> dict[str, str]:
    parts = {f"{name}.crt": pair.certificate, f"{name}.key": bytes(pair.key)}
    return {key: base64.b64encode(value).decode() for key, value in parts.items()}


async def _step(world: World, data: Mapping[str, str]) -> None:
    """Write the CA as it shall be, and let all replicas know: one after the other they end in order and start."""
    found = await world.api.get(_CA)
    await world.api.replace(_CA, {**found, "data": dict(data)})
    await world.kubectl("-n", layout.NAMESPACE, "rollout", "restart", "deployment/gatewayd")
    await world.kubectl("-n", layout.NAMESPACE, "rollout", "status", "deployment/gatewayd", "--timeout=90s")
    for proxy in await _proxies(world):
        await world.until(proxy.is_connected, f"{proxy.name} is connected")


async def _proxies(world: World) -> list[PodHandle]:
    return [pod for name in _GATEWAYS for pod in await world.proxies(name)]


async def _secrets(world: World) -> list[dict[str, bytes]]:
    """Return what the Secrets of all Gateways' proxies hold."""
    selector = "app.kubernetes.io/managed-by"
    listed = await world.api.get(f"/api/v1/namespaces/{SHOP}/secrets?labelSelector={selector}")
    return [{name: base64.b64decode(value) for name, value in each["data"].items()} for each in listed["items"]]


async def _believed(world: World, count: int) -> int:
    """Wait until all Gateways' Secrets have so many CAs; return how many have."""

    async def have() -> bool:
        return await _with(world, count) == len(_GATEWAYS)

    await world.until(have, f"all proxies believe {count} CAs")
    await asyncio.sleep(2)  # until the files are in the pods
    return await _with(world, count)


async def _with(world: World, count: int) -> int:
    return sum(each["ca.crt"].count(b"BEGIN CERTIFICATE") == count for each in await _secrets(world))


async def _signed(world: World, ca: KeyPair) -> int:
    """Wait until all Gateways' certificates are of a CA; return how many are."""

    async def count() -> int:
        return sum(is_issued_by(each["tls.crt"], ca.certificate) for each in await _secrets(world))

    async def are() -> bool:
        return await count() == len(_GATEWAYS)

    await world.until(are, "all certificates are of the new CA")
    await asyncio.sleep(2)
    return await count()


async def _refusals(world: World) -> int:
    found = [await pod.admin("stats?filter=^cluster.gatewayd.ssl") for pod in await _proxies(world)]
    return sum(int(count) for text in found for count in _REFUSALS.findall(text))


async def _is_taken(world: World, credentials: xdspki.Credentials) -> bool:
    """Return whether all replicas answer somebody who shows a certificate and believes whatever is believed now."""
    now = await xdspki.of_gateway(world, SHOP, "gateway")
    shown = xdspki.Credentials(certificate=credentials.certificate, key=credentials.key, trust=now.trust)
    answers = [await _answers(pod, shown) for pod in await world.control_plane()]
    return all(answers)


async def _answers(replica: PodHandle, credentials: xdspki.Credentials) -> bool:
    async with witness.connected(replica, credentials) as call:
        try:
            await witness.greeted(call)
            async with asyncio.timeout(10):
                return await call.read() is not grpc.aio.EOF
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError):
            return False


async def _deleted(world: World) -> tuple[Figure, ...]:
    """Delete the second Gateway: its streams end, and its certificate opens none any more."""
    credentials = await xdspki.of_gateway(world, SHOP, "second")
    replica = (await world.control_plane())[0]
    async with witness.connected(replica, credentials) as call:
        await witness.greeted(call)
        await call.read()
        began = time.monotonic()
        await world.delete(manifests.gateway(SHOP, "second"))
        try:
            async with asyncio.timeout(30):
                while await call.read() is not grpc.aio.EOF:
                    pass
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass
        took = time.monotonic() - began
    later = [await _answers(pod, credentials) for pod in await world.control_plane()]
    return (
        Figure(what="deleted Gateway to the end of its stream", value=took, unit="s", at_most=_CLOSED_SECONDS),
        none_of("streams of it that were opened later", sum(later)),
    )
