"""Ingresses in a cluster: what an API server's own kinds need that Gateway API's do not.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp

from conformance.scenarios import manifests
from conformance.scenarios.certificates import Maker
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP, World

_HOST, _LOST, _BROKEN = "site.example", "lost.example", "broken.example"
_API = "networking.k8s.io/v1"


async def ingress(world: World) -> tuple[Figure, ...]:
    """Serve an Ingress of the default class with its own certificate, beside one of nobody's class and a broken one."""
    await world.install()
    await world.echoes("echo")
    maker = Maker(world.folder)
    await world.put(maker.secret(SHOP, "edge", "edge.example"), maker.secret(SHOP, "site", _HOST))
    https = manifests.https_listener("", "edge")
    del https["hostname"]
    address = await world.gateway(manifests.http_listener(), https)
    await world.put(_class("gatewayd"))
    site, lost, broken = _ingress("site", _HOST), _ingress("lost", _LOST), _ingress("broken", _BROKEN)
    site["spec"]["tls"] = [{"hosts": [_HOST], "secretName": "site"}]
    lost["spec"]["ingressClassName"] = "nobody"
    _backend(broken)["service"]["name"] = "gone"
    await world.put(site, lost, broken)

    async def is_served() -> bool:
        return (await asked(address, _HOST))[0] == 200

    await world.until(is_served, "the Ingress is served")
    # Its certificate comes with a filter chain of the listener, after the routes.
    await world.until(lambda: _is_shown(maker, address), "the Ingress is served with its certificate")
    secure = await _over_tls(maker, address)
    await world.until(lambda: _has_event(world, "broken"), "the broken Ingress has an Event")
    written = {name: await _addresses(world, item) for name, item in (("site", site), ("lost", lost))}
    return (
        Figure(
            what="addresses of the Ingress that are the Gateway's", value=written["site"].count(address), at_least=1
        ),
        none_of("addresses of an Ingress of nobody's class", len(written["lost"])),
        Figure(what="requests over TLS with the certificate of the Ingress", value=secure, at_least=1),
        none_of("requests for the host of nobody that got an answer", int((await asked(address, _LOST))[0] == 200)),
        Figure(what="status of a path without a Service", value=(await asked(address, _BROKEN))[0], at_least=500),
    )


def _class(name: str) -> Object:
    parameters = {
        "apiGroup": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "gateway",
        "namespace": SHOP,
        "scope": "Namespace",
    }
    return {
        "apiVersion": _API,
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
        "spec": {"controller": "gatewayd.io/ingress-controller", "parameters": parameters},
    }


def _ingress(name: str, host: str) -> Object:
    backend = {"service": {"name": "echo", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": _API,
        "kind": "Ingress",
        "metadata": {"namespace": SHOP, "name": name},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
    }


def _backend(of: Object) -> dict[str, Any]:
    backend: dict[str, Any] = of["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    return backend


async def _addresses(world: World, item: Object) -> list[str]:
    status: Mapping[str, Any] = (await world.api.get(manifests.path(item))).get("status", {})
    entries = status.get("loadBalancer", {}).get("ingress") or ()
    return [each.get("ip") or each.get("hostname") for each in entries]


async def _has_event(world: World, name: str) -> bool:
    found = await world.api.get(f"/api/v1/namespaces/{SHOP}/events")
    about = (each for each in found["items"] if each["involvedObject"]["kind"] == "Ingress")
    return any(each["involvedObject"]["name"] == name and each["reason"] == "BackendNotFound" for each in about)


async def _is_shown(maker: Maker, address: str) -> bool:
    try:
        return await _over_tls(maker, address) == 1
    except aiohttp.ClientConnectorCertificateError:
        return False


async def _over_tls(maker: Maker, address: str) -> int:
    """Return 1 when a client that believes the maker's authority gets an answer for the host."""
    context = ssl.create_default_context(cafile=str(maker.authority))
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"https://{address}/", headers={"Host": _HOST}, ssl=context, server_hostname=_HOST) as response,
    ):
        return int(response.status == 200)
