"""The port for probes leads to /ready and /stats/prometheus, however a path is spelt, and to nothing else."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.feature.harness.http1 import ask
from tests.feature.harness.ports import free_port
from tests.feature.test_xds_accepts_edge import config
from tests.feature.xds_rig import rig, until

pytestmark = pytest.mark.envoy

ADMIN = ("quitquitquit", "config_dump", "stats", "clusters", "certs", "logging", "healthcheck/fail", "drain_listeners")
ALLOWED = ("/ready", "/stats/prometheus")


def spellings() -> Iterator[str]:
    for page in ADMIN:
        yield from (
            f"/{page}",
            f"//{page}",
            f"/./{page}",
            f"/%2e/{page}",
            f"/%2f{page}",
            f"/%{ord(page[0]):02x}{page[1:]}",
        )
        yield from (f"{allowed}{way}{page}" for allowed in ALLOWED for way in (
            "/../", "/../../", "/..%2f", "%2f..%2f", "/%2e%2e/", "/%2E%2E/", "/.%2e/", "%2f%2e%2e%2f", "//..//",
            "\\..\\", "%5c..%5c", "/..;/", ";/../", "?/../", "#/../", "%00/../", "%3f/../", "%23/../", "/%252e%252e/",
        ))  # fmt: skip
        yield from (f"http://x/{page}", f"http://x/ready/../{page}", f"http://x//{page}", f"https://x/{page}")


async def test_no_spelling_leads_to_another_page(tmp_path: Path) -> None:
    port = free_port()
    async with rig(tmp_path, probes_port=port) as made:
        await made.apply(config())

        async def is_ready() -> bool:
            try:
                return (await ask(port, "/ready")).status == 200
            except ConnectionError:
                return False

        await until(is_ready)
        told = {path: (await ask(port, path)).body for path in ALLOWED}
        assert told["/ready"] == b"LIVE\n"
        table = [*spellings()]
        assert len(table) > 300
        for method in ("GET", "POST"):
            gate = asyncio.Semaphore(20)
            answers = await asyncio.gather(*(_asked(port, path, method, gate) for path in table))
            reached = [path for path, found in zip(table, answers, strict=True) if found is not None]
            # What is left of a page's own path, with words that the page reads, is that page.
            assert [path for path in reached if method == "POST" or not path.startswith(ALLOWED)] == []
            assert [path for path in reached if path.partition("?")[0].partition("#")[0] not in ALLOWED] == []
        assert (await ask(port, "/ready")).status == 200


async def _asked(port: int, path: str, method: str, gate: asyncio.Semaphore) -> bytes | None:
    """Return what was answered with 200, None when it was not."""
    async with gate:
        try:
            found = await ask(port, path, method=method)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return found.body if found.status == 200 else None
