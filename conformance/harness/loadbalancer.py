"""Gives Services of type LoadBalancer their addresses; kube-proxy makes the addresses work.

`spec.loadBalancerIP` is honoured when it lies in the range and nobody has it; otherwise the Service waits without an
address, as it would with a real load balancer. Free addresses are handed out in a circle, so that none changes owner
quickly.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address
from itertools import cycle

from conformance.harness.addresses import LOAD_BALANCER_RANGE
from conformance.harness.kubeapi import Api, ApiError, Object


class LoadBalancer:
    """Owns the addresses of the range; `run` follows the Services for ever."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._services: dict[str, Object] = {}
        self._given: dict[str, str] = {}  # address by uid of its Service
        # The upper half stays free for those who ask for an address by name.
        first = int(LOAD_BALANCER_RANGE.network_address)
        half = LOAD_BALANCER_RANGE.num_addresses // 2
        self._free = cycle([str(IPv4Address(first + number)) for number in range(1, half)])
        self._turns = half - 1

    async def run(self) -> None:
        """Give, take back and write addresses as Services come, change and go."""
        async for change in self._api.changes("/api/v1/services"):
            uid = change.object["metadata"]["uid"]
            known = self._services.pop(uid, None)
            if change.kind == "present" and _matters(change.object):
                self._services[uid] = change.object
            # Of thousands of Services with a ClusterIP alone, none is looked at twice.
            if known is not None or uid in self._services:
                await self._settle()

    async def _settle(self) -> None:
        wanting = {uid: service for uid, service in self._services.items() if _wants_address(service)}
        for uid in self._given.keys() - wanting.keys():
            del self._given[uid]
        for uid, service in wanting.items():
            address = self._given.get(uid)
            if address is None or not _suits(address, service):
                self._given.pop(uid, None)
                address = self._choose(service)
            if address is not None:
                self._given[uid] = address
            await self._write(service, address)
        for service in self._services.values():
            if not _wants_address(service):
                await self._write(service, None)

    def _choose(self, service: Object) -> str | None:
        taken = set(self._given.values()) | self._external_addresses()
        requested: str = service["spec"].get("loadBalancerIP", "")
        if requested:
            return requested if _in_range(requested) and requested not in taken else None
        turns = (next(self._free) for _ in range(self._turns))
        return next((address for address in turns if address not in taken), None)

    def _external_addresses(self) -> set[str]:
        return {address for service in self._services.values() for address in service["spec"].get("externalIPs", ())}

    async def _write(self, service: Object, address: str | None) -> None:
        wanted = [] if address is None else [{"ip": address, "ipMode": "VIP"}]
        present = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        if wanted == present or (address is None and service["spec"].get("loadBalancerClass")):
            return
        metadata = service["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}/status"
        try:
            answer = await self._api.patch(path, {"status": {"loadBalancer": {"ingress": wanted}}})
        except ApiError as error:
            if error.status != 404:
                raise
        else:
            service["status"] = answer["status"]


def _matters(service: Object) -> bool:
    """Return whether a Service wants an address, or has one that nobody else may get."""
    has_address = bool(service.get("status", {}).get("loadBalancer", {}).get("ingress"))
    return has_address or bool(service["spec"].get("externalIPs")) or _wants_address(service)


def _wants_address(service: Object) -> bool:
    spec: Mapping[str, object] = service["spec"]
    deleted = "deletionTimestamp" in service["metadata"]
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass") and not deleted


def _suits(address: str, service: Object) -> bool:
    requested = service["spec"].get("loadBalancerIP", "")
    return not requested or requested == address


def _in_range(text: str) -> bool:
    try:
        return ip_address(text) in LOAD_BALANCER_RANGE
    except ValueError:
        return False
