"""docs/convert.md and what `gatewayd convert` writes: in a real Envoy it serves what the Ingresses did."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gatewayd.convert.conversion import Conversion, conversion
from gatewayd.convert.draft import GatewayTarget
from gatewayd.manifests.documents import parse_file
from tests.feature.harness.http1 import Answer
from tests.feature.harness.https import CA
from tests.feature.harness.world import World
from tests.unit.convert.ingresses import ingress, tls

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PAGE = Path(__file__).parents[2] / "docs" / "convert.md"
_FENCE = re.compile(r"^```(yaml|requests)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_REQUEST = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>\S+)(?: from (?P<source>\S+))?(?: with (?P<name>\S+) (?P<value>\S+))?: "
    r"(?P<end>\d+(?: by \S+)?)"
)


def examples() -> Iterator[tuple[str, str, str]]:
    """Yield the title of each section of the page that has an example, what is converted, and what requests get."""
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE):
        fences = _FENCE.findall(part)
        requests = "".join(text for kind, text in fences if kind == "requests")
        if requests:
            yield part.splitlines()[0], "---\n".join(text for kind, text in fences if kind == "yaml"), requests


def converted(world: World, text: str) -> Conversion:
    """Convert Ingresses for the Gateway of a world."""
    target = GatewayTarget(
        namespace="infra",
        name="edge",
        class_name="gatewayd",
        http_port=world.port("http"),
        https_port=world.port("https"),
    )
    return conversion(parse_file("ingress.yaml", text.encode()).documents, target, open_all=False)


async def serve(world: World, text: str) -> Conversion:
    """Apply what a text is converted to, beside what of it is left alone."""
    done = converted(world, text)
    kept = [each for each in yaml.safe_load_all(text) if each["apiVersion"] == "gateway.networking.k8s.io/v1"]
    await world.apply(*(yaml.safe_dump(each) for each in (*kept, *done.objects)))
    return done


@pytest.mark.parametrize(("title", "manifests", "requests"), [pytest.param(*each, id=each[0]) for each in examples()])
async def test_an_example_of_the_page(world: World, title: str, manifests: str, requests: str) -> None:
    assert title
    await serve(world, manifests)
    for line in requests.splitlines():
        asked = _REQUEST.fullmatch(line)
        assert asked is not None, line
        headers = [(asked["name"], asked["value"])] if asked["name"] else []
        answer = await world.ask(
            asked["path"], *headers, host="shop.example", method=asked["method"], source=asked["source"] or ""
        )
        end = f"{answer.status} by {answer.backend}" if " by " in asked["end"] else str(answer.status)
        assert (line, end) == (line, asked["end"])


def to(text: str, service: str = "one") -> str:
    """Return an Ingress that leads to another Service."""
    return text.replace("name: web", f"name: {service}")


async def test_a_host_with_a_certificate_sends_its_clients_to_https(world: World) -> None:
    await world.apply(CA.issue("shop.example").secret("cert", namespace="shop"))
    await serve(world, to(ingress("shop", "/cart/", spec=tls("shop.example"))))

    async def secured(path: str) -> Answer:
        return await world.ask(path, host="shop.example", port="https", tls=CA.trusting(), server_name="shop.example")

    redirect = await world.ask("/cart/a?b=c", host="shop.example")
    slashed, served = await secured("/cart"), await secured("/cart/a")

    assert (redirect.status, redirect.one("location")) == (308, "https://shop.example/cart/a?b=c")
    assert (slashed.status, served.status) == (301, 200)
    assert (await secured("/other")).status == 404


async def test_a_wildcard_stands_for_one_label(world: World) -> None:
    rest = {"rules": [], "defaultBackend": {"service": {"name": "two", "port": {"number": 80}}}}
    await serve(world, f"{to(ingress('shop', '/cart', host='*.shop.example'))}---\n{ingress('rest', spec=rest)}")

    async def backend(path: str, host: str) -> str:
        answer = await world.ask(path, host=host)
        return answer.backend if answer.status == 200 else str(answer.status)

    assert await backend("/cart", "a.shop.example") == "one"
    assert await backend("/cart", "a.shop.example:8080") == "one"
    assert await backend("/cart", "A.Shop.EXAMPLE") == "one"
    assert await backend("/other", "a.shop.example") == "404"
    assert await backend("/cart", "a.b.shop.example") == "two"
    assert await backend("/cart", "shop.example") == "two"


GUIDE_OF_2021 = """
apiVersion: networking.x-k8s.io/v1alpha1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gke-l7-rilb
  listeners:
  - protocol: HTTP
    port: <http>
    routes:
      kind: HTTPRoute
      selector: {matchLabels: {gateway: internal}}
      namespaces: {from: All}
---
apiVersion: networking.x-k8s.io/v1alpha1
kind: HTTPRoute
metadata: {name: store, namespace: shop, labels: {gateway: internal}}
spec:
  gateways: {allow: All}
  hostnames: [store.example]
  rules:
  - forwardTo:
    - {serviceName: one, port: 80, weight: 90}
    - {serviceName: two, port: 80, weight: 10}
  - matches:
    - headers: {type: Exact, values: {env: canary}}
    forwardTo:
    - {serviceName: two, port: 80}
"""


async def test_a_guide_of_2021_serves_90_to_10_and_its_canary(world: World) -> None:
    done = await serve(world, world.filled(GUIDE_OF_2021))
    assert not done.is_lossy

    answers = [(await world.ask("/", host="store.example")).backend for _ in range(200)]
    canaries = {(await world.ask("/", ("env", "canary"), host="store.example")).backend for _ in range(10)}

    assert set(answers) == {"one", "two"}
    assert 150 < answers.count("one") < 199
    assert canaries == {"two"}
