"""`gatewayd logs` of a run: lines come while requests do, each with the file and line of its rule."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.feature.harness import http1
from tests.feature.harness.folder_run import folder_run
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import DEADLINE

pytestmark = pytest.mark.envoy

SHOP = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: http, protocol: HTTP, port: PORT}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {value: /go}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]
  - matches: [{path: {value: /stay}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]
"""


async def test_lines_come_with_the_rule_and_its_place(folder: Path, runtime: dict[str, str]) -> None:
    port = free_port()
    file = folder / "shop.yaml"
    file.write_text(SHOP.replace("PORT", str(port)))
    async with asyncio.timeout(3 * DEADLINE), folder_run(folder, Path(runtime["XDG_RUNTIME_DIR"])) as run:
        while not (run.reconciler.snapshots and run.is_settled()):  # noqa: ASYNC110 (there is nothing to wait on)
            await asyncio.sleep(0.05)
        arguments = ("logs", "-f", "-o", "json", "--status", "3xx", "--route", "HTTPRoute/shop")
        logs = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gatewayd", *arguments), stdout=asyncio.subprocess.PIPE, env=runtime
        )
        assert logs.stdout is not None
        for path, status in (("/nothing", 404), ("/stay", 302), ("/go", 302)):
            assert (await http1.ask(port, path, host="shop.example")).status == status
        lines: list[dict[str, Any]] = [json.loads(await logs.stdout.readline()) for _ in range(2)]
        logs.terminate()
        await logs.wait()
    known = [(line["path"], line["rule"], Path(line["file"]).name, line["line"]) for line in lines]
    assert known == [("/stay", 1, "shop.yaml", 17), ("/go", 0, "shop.yaml", 15)]
    assert {line["gateway"] for line in lines} == {"default/edge"}
