"""A run that is looked at: objects of a file, translated and published, with no Envoy."""

from pathlib import Path

from gatewayd.page.source import PageSource
from gatewayd.run.observer import Onlooker
from gatewayd.run.page_source import RunPage
from gatewayd.run.standalone import Options, Standalone
from tests.unit.example import FILE, SHOP

OPTIONS = Options(
    folder=Path("gateway"),
    address="127.0.0.1",
    envoy=Path("/e"),
    concurrency=1,
    drain=0.0,
    runtime=None,
    cache=None,
    route_discovery=None,
)


class LookedAt:
    """A run and its page; `save` is what a saved file does."""

    def __init__(self, *, text: str = SHOP, runtime: Path = Path("/nowhere")) -> None:
        self.looks = 0
        self.onlooker = Onlooker(self._look)
        self.run = Standalone(OPTIONS, self.onlooker)
        self.run.runtime = runtime
        self.onlooker.run = self.run
        self.page: PageSource = RunPage(self.run, self.onlooker)
        self.save(text)

    def _look(self) -> None:
        self.looks += 1

    def save(self, text: str) -> None:
        self.run.step = self.run.folder.step({FILE: text.encode()})
        self.run.has_read = True
        self.run.reconciler.submit(self.run.step.deltas)
        self.onlooker.folder_read(self.run.step)
        self.run.reconciler.step()


def many_routes(count: int) -> str:
    """Return the example with more routes, each of a host of its own."""
    route = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r%d}
spec:
  parentRefs: [{name: web}]
  hostnames: [h%d.example]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
"""
    return SHOP + "".join(route % (at, at) for at in range(count))


BROKEN = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80, weight: 3}")
