"""docs/telemetry.md: each example sends to a collector what the page says."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.ir.tracing import KNOWN_ATTRIBUTES
from tests.feature.harness.collectors import Collector, Record, collector
from tests.feature.harness.policies import EDGE
from tests.feature.harness.world import DEADLINE, World

pytestmark = pytest.mark.envoy

PAGE = (Path(__file__).parents[2] / "docs" / "telemetry.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMON, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
EXAMPLES = {
    title: fences
    for title, text in ((each.partition("\n")[0], each) for each in SECTIONS)
    if "requests" in (fences := dict(FENCE.findall(text)))
}
BACKENDS = ("one",)
BASE = dict(FENCE.findall(COMMON))["yaml"].replace("port: 8080", "port: <http>")
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: collector, namespace: monitoring}
spec: {ports: [{name: otlp, port: 4317}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: collector-1, namespace: monitoring, labels: {kubernetes.io/service-name: collector}}
addressType: IPv4
ports: [{name: otlp, port: PORT}]
endpoints: [{addresses: [127.0.0.1]}]
"""


@pytest_asyncio.fixture(loop_scope="module")
async def server(world: World) -> AsyncIterator[Collector]:
    async with collector() as collecting:
        await world.apply(SERVICE.replace("PORT", str(collecting.port)))
        yield collecting


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("title", EXAMPLES)
async def test_the_examples(world: World, server: Collector, title: str) -> None:
    fences = EXAMPLES[title]
    await world.apply(fences["yaml"])
    for line in fences["requests"].splitlines():
        target, _, status = line.removeprefix("GET ").rpartition(": ")
        path, _, headers = target.partition(" with ")
        sent = [(name, value) for name, _, value in (each.partition(" ") for each in headers.split(", ") if each)]
        assert (await world.ask(path, *sent, host="shop.example")).status == int(status)
    for kind, received in (("records", server.records), ("spans", server.spans)):
        wanted: list[dict[str, Any]] = [json.loads(line) for line in fences.get(kind, "").splitlines()]
        async with asyncio.timeout(DEADLINE):
            await server.until(lambda wanted=wanted, received=received: len(received) >= len(wanted))
        assert [_as_far_as(each, want) for each, want in zip(received, wanted, strict=True)] == wanted
    for line in fences.get("metrics", "").splitlines():
        counted = (await world.envoys[EDGE].get("/stats/prometheus")).decode()
        # Envoy's own label for the host ends at its first dot.
        assert line in re.sub(r'envoy_virtual_host="[^"]*",', "", counted).splitlines()


def _as_far_as(record: Record, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record.attributes.get(name) for name in wanted}


def test_the_attributes_are_those_that_can_be_had() -> None:
    listed = PAGE.partition("that can be had: ")[2].partition(". Others")[0]
    assert tuple(re.findall(r"`([a-z_.]+)`", listed)) == KNOWN_ATTRIBUTES
