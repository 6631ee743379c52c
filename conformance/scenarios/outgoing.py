"""Where replicas connect to: anything but the API server and DNS is counted by the kernel, whatever came of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from conformance.harness.addresses import API_PORT, NODE_IP, SERVICE_RANGE
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.packets import packet_table
from conformance.scenarios.pods import PodHandle, output
from conformance.scenarios.world import SHOP

_API_SERVER = SERVICE_RANGE.network_address + 1
_TABLE = "outgoing"


class Counted:
    """What was counted so far."""

    async def connections(self) -> int:
        """Return how many connections were begun, or datagrams sent, to where nothing of gatewayd's is."""
        return await self._packets("odd")

    async def usual(self) -> int:
        """Return how many were begun to the API server, without which nothing would be counted at all."""
        return await self._packets("api")

    async def _packets(self, name: str) -> int:
        rules = json.loads(await output("nft", "--json", "list", "table", "inet", _TABLE))["nftables"]
        return sum(
            each["counter"]["packets"] for each in rules if "counter" in each and each["counter"]["name"] == name
        )


@asynccontextmanager
async def counted(pods: Sequence[PodHandle]) -> AsyncIterator[Counted]:
    """Count what Pods send, before kube-proxy has a hand in it."""
    sources = ", ".join(pod.address for pod in pods)
    own = f"ip saddr {{ {sources} }}"
    begins = "tcp flags & (syn | ack) == syn"
    content = f"""\
  counter odd {{ }}
  counter api {{ }}
  chain sent {{
    type filter hook prerouting priority -310;
    {own} {begins} ip daddr {{ {_API_SERVER}, {NODE_IP} }} tcp dport {{ 443, {API_PORT} }} counter name api return
    {own} meta l4proto {{ tcp, udp }} th dport 53 return
    {own} {begins} counter name odd
    {own} meta l4proto udp counter name odd
  }}
"""
    async with packet_table(_TABLE, content):
        yield Counted()


def leading_out() -> tuple[Object, ...]:
    """Return objects that name hosts and addresses of others, wherever the API has a place for one."""
    backend = {
        "apiVersion": "gateway.networking.x-k8s.io/v1alpha1",
        "kind": "XBackend",
        "metadata": {"namespace": SHOP, "name": "outside"},
        "spec": {
            "type": "ExternalHostname",
            "externalHostname": {"hostname": "outside.example"},
            "port": {"number": 80},
        },
    }
    redirect = manifests.route(SHOP, "redirect", ["redirect.example"], "echo")
    redirect["spec"]["rules"][0] = {
        "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "outside.example"}}]
    }
    asked = manifests.route(SHOP, "asked", ["asked.example"], "echo")
    auth = {"protocol": "HTTP", "backendRef": {"name": "echo", "port": 80}, "http": {}}
    asked["spec"]["rules"][0]["filters"].append({"type": "ExternalAuth", "externalAuth": auth})
    named = manifests.service(SHOP, "named", {})
    named["spec"] = {"type": "ExternalName", "externalName": "outside.example", "ports": [{"port": 80}]}
    to_name = manifests.route(SHOP, "to-name", ["name.example"], "named")
    return backend, redirect, asked, named, to_name
