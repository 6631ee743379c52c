"""What the browser tests look at: a folder that is served, and a window of its page."""

import http.client
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect

ROOT: Final = Path(__file__).parents[2]
SHOTS: Final = ROOT / ".cache" / "screenshots"
MILLISECONDS: Final = 60_000
"""Until what must come is there; with a quiet machine it is a tenth of a second."""
CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Of a window, in pixels."""

    width: int
    height: int


def windows() -> tuple[Size, ...]:
    """Return the sizes that everything must work at: a desk, and a telephone."""
    return Size(width=1440, height=900), Size(width=390, height=844)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A run: where its page is, its folder, the port of its listener and that of the backend."""

    process: subprocess.Popen[str]
    address: str
    folder: Path
    port: int
    backend: int

    def save(self, text: str) -> None:
        """Save the file of the folder."""
        (self.folder / "shop.yaml").write_text(text)

    def ask(self, host: str, path: str) -> int:
        """Send a request through Envoy and return the status of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Host": host})
        status = connection.getresponse().status
        connection.close()
        return status


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A page that is open, of a run, and what its script did wrong."""

    page: Page
    served: Served
    faults: list[str]

    def wait_for(self, part: str, words: str) -> None:
        """Wait until words stand in a part of the page."""
        expect(self.page.locator(f"#{part}")).to_contain_text(words, timeout=MILLISECONDS)

    def wait_for_count(self, selector: str, count: int) -> None:
        """Wait until there are so many of something."""
        expect(self.page.locator(selector)).to_have_count(count, timeout=MILLISECONDS)


def manifests(port: int, backend: int, *, cart: str = "cart", more: int = 0) -> str:
    """Return what is served: a Gateway, and a route of two rules; `more` routes have hosts of their own."""
    routes = "".join(_route(f"r{at}", f"h{at}.example", "cart") for at in range(more))
    return f"""apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: web}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: http, protocol: HTTP, port: {port}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: cart}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: cart, labels: {{kubernetes.io/service-name: cart}}}}
addressType: IPv4
endpoints: [{{addresses: [127.0.0.1]}}]
ports: [{{port: {backend}}}]
{_route("shop", "shop.example", cart)}{routes}"""


def _route(name: str, host: str, backend: str) -> str:
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}}}
spec:
  parentRefs: [{{name: web}}]
  hostnames: [{host}]
  rules:
  - matches: [{{path: {{value: /cart}}}}]
    backendRefs: [{{name: {backend}, port: 80}}]
  - matches: [{{path: {{value: /old}}}}]
    filters: [{{type: RequestRedirect, requestRedirect: {{hostname: new.example}}}}]
"""
