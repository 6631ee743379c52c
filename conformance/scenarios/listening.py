"""What listens in a Pod, and what docs/operations.md says may."""

from __future__ import annotations

import re

from conformance.build import HERE
from conformance.harness.addresses import NAMESPACES_DIRECTORY
from conformance.scenarios.pods import PodHandle, output

_PAGE = HERE.parent / "docs" / "operations.md"
_ROW = re.compile(r"^\| (gatewayd|a proxy) \| (\d+) \|", re.MULTILINE)
_LOCAL = re.compile(r"^(tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s", re.MULTILINE)


def documented(whose: str) -> frozenset[int]:
    """Return the ports of the page's table, of `gatewayd` or `a proxy`; a Gateway's own are not among them."""
    return frozenset(int(port) for of, port in _ROW.findall(_PAGE.read_text()) if of == whose)


async def listening(pod: PodHandle) -> frozenset[tuple[str, int]]:
    """Return transport and port of everything that listens in a Pod's network."""
    namespace = f"{NAMESPACES_DIRECTORY}/pod-{pod.uid}"
    text = (await output("nsenter", f"--net={namespace}", "ss", "-H", "-ltnup")).decode()
    return frozenset((transport, int(port)) for transport, _, port in _LOCAL.findall(text))
