"""The examples from everyday use, each as somebody would write it, word for word in ordinary YAML."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness import grpcs
from tests.feature.harness.echo import tcp_backend, udp_backend
from tests.feature.harness.l4 import datagrams, greeting
from tests.feature.harness.manifests import service
from tests.feature.harness.pki import authority, serving
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CA = authority()
REQUESTS = 1000
BACKENDS = ("one", "two")
BASE = (
    CA.issue("shop.example").secret("shop-tls")
    + """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - name: https
    port: <https>
    protocol: HTTPS
    tls: {mode: Terminate, certificateRefs: [{name: shop-tls}]}
    allowedRoutes: {namespaces: {from: All}}
"""
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def team_services(shared_world: World) -> AsyncIterator[None]:
    one, two = (shared_world.backends[name].port for name in ("one", "two"))
    for name, port in (
        ("cart", one),
        ("search", two),
        ("shop-v1", one),
        ("shop-v2", two),
        ("blue", one),
        ("green", two),
    ):
        await shared_world.apply(service(name, port))
    yield


def route(name: str, rules: str, *, namespace: str = "shop", section: str = "http") -> str:
    lines = "".join(f"  {line}\n" for line in rules.strip("\n").splitlines())
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {name}
  namespace: {namespace}
spec:
  parentRefs:
  - name: edge
    namespace: infra
    sectionName: {section}
  hostnames:
  - shop.example
  rules:
{lines}"""


async def counted(world: World, path: str = "/", *headers: tuple[str, str]) -> Counter[str]:
    """Return how often each backend answered, checking the route that each answer names."""
    counts: Counter[str] = Counter()
    connection = await world.connect()
    for _ in range(REQUESTS):
        answer = await connection.ask(path, *headers, host="shop.example")
        assert answer.status == 200
        counts[f"{answer.route} {answer.backend}"] += 1
    await connection.close()
    return counts


async def test_path_routes_to_several_services(world: World) -> None:
    await world.apply(
        route(
            "paths",
            """
- matches:
  - path: {type: PathPrefix, value: /cart}
  filters: [<tag:cart>]
  backendRefs:
  - {name: cart, port: 80}
- matches:
  - path: {type: PathPrefix, value: /search}
  filters: [<tag:search>]
  backendRefs:
  - {name: search, port: 80}
""",
        )
    )

    assert (await world.ask("/cart/add?item=7")).said == (200, "cart", "one")
    assert (await world.ask("/search?q=x")).said == (200, "search", "two")
    assert (await world.ask("/")).said == (404, None, None)


async def test_a_canary_by_header_beside_a_split_of_90_to_10(world: World) -> None:
    await world.apply(
        route(
            "canary",
            """
- matches:
  - headers:
    - {name: env, value: canary}
  filters: [<tag:canary>]
  backendRefs:
  - {name: shop-v2, port: 80}
- filters: [<tag:stable>]
  backendRefs:
  - {name: shop-v1, port: 80, weight: 90}
  - {name: shop-v2, port: 80, weight: 10}
""",
        )
    )

    for _ in range(20):
        assert (await world.ask("/", ("env", "canary"))).said == (200, "canary", "two")
    counts = await counted(world)
    assert counts.keys() == {"stable one", "stable two"}
    assert plausible(counts["stable two"], REQUESTS, 0.1), counts


async def test_blue_and_green_by_patching_weights(world: World) -> None:
    for blue, green in ((90, 10), (50, 50), (0, 100)):
        await world.apply(
            route(
                "blue-green",
                f"""
- filters: [<tag:bg>]
  backendRefs:
  - {{name: blue, port: 80, weight: {blue}}}
  - {{name: green, port: 80, weight: {green}}}
""",
            )
        )
        counts = await counted(world)
        assert plausible(counts["bg one"], REQUESTS, blue / 100), counts
        assert plausible(counts["bg two"], REQUESTS, green / 100), counts


async def test_http_is_redirected_to_https_where_the_shop_is(world: World) -> None:
    await world.apply(
        route(
            "to-https", "- filters:\n  - type: RequestRedirect\n    requestRedirect: {scheme: https, statusCode: 302}"
        ),
        route("shop", "- filters: [<tag:shop>]\n  backendRefs:\n  - {name: shop-v1, port: 80}", section="https"),
    )

    answer = await world.ask("/cart?id=1")
    assert (answer.status, answer.one("location"), answer.backend) == (302, "https://shop.example/cart?id=1", None)

    answer = await world.ask("/cart?id=1", port="https", tls=CA.trusting(), server_name="shop.example")
    assert answer.said == (200, "shop", "one")
    assert answer.echo["path"] == "/cart?id=1"


async def test_http_is_redirected_to_another_port_of_https(world: World) -> None:
    to_port = (
        "- filters:\n  - type: RequestRedirect\n    requestRedirect: {scheme: https, port: <https>, statusCode: 302}"
    )
    await world.apply(route("to-https", to_port))

    # A browser sends the port of the address that it was given.
    answer = await world.ask("/", host=f"shop.example:{world.port('http')}")

    assert (answer.status, answer.one("location")) == (302, f"https://shop.example:{world.port('https')}/")


async def test_headers_set_added_and_removed(world: World) -> None:
    await world.apply(
        route(
            "headers",
            """
- filters:
  - type: RequestHeaderModifier
    requestHeaderModifier:
      set: [{name: x-route, value: headers}, {name: x-tenant, value: shop}]
      add: [{name: x-trace, value: gateway}]
      remove: [x-debug]
  - type: ResponseHeaderModifier
    responseHeaderModifier:
      set: [{name: strict-transport-security, value: max-age=31536000}]
      add: [{name: vary, value: origin}]
      remove: [x-powered-by]
  backendRefs:
  - {name: shop-v1, port: 80}
""",
        )
    )
    powered = ("x-echo-headers", '{"x-powered-by": "echo"}')

    answer = await world.ask("/", ("x-tenant", "evil"), ("x-debug", "1"), ("x-trace", "client"), powered)

    assert answer.said == (200, "headers", "one")
    assert (answer.seen("x-tenant"), answer.seen("x-debug")) == (["shop"], [])
    assert ",".join(answer.seen("x-trace")) == "client,gateway"
    assert answer.all("strict-transport-security") == ["max-age=31536000"]
    assert (answer.all("vary"), answer.all("x-powered-by")) == (["origin"], [])


async def test_a_prefix_rewritten_to_api(world: World) -> None:
    await world.apply(
        route(
            "rewrite",
            """
- matches:
  - path: {type: PathPrefix, value: /shop}
  filters:
  - <tag:rewrite>
  - type: URLRewrite
    urlRewrite:
      path: {type: ReplacePrefixMatch, replacePrefixMatch: /api}
  backendRefs:
  - {name: shop-v1, port: 80}
""",
        )
    )

    for asked, seen in (("/shop/cart?id=1", "/api/cart?id=1"), ("/shop", "/api"), ("/shop/", "/api/")):
        answer = await world.ask(asked)
        assert answer.said == (200, "rewrite", "one")
        assert answer.echo["path"] == seen


async def test_80_to_20(world: World) -> None:
    refs = "  - {name: shop-v1, port: 80, weight: 80}\n  - {name: shop-v2, port: 80, weight: 20}"
    await world.apply(route("split", f"- filters: [<tag:split>]\n  backendRefs:\n{refs}"))

    counts = await counted(world)

    assert counts.keys() == {"split one", "split two"}
    assert plausible(counts["split one"], REQUESTS, 0.8), counts


async def test_mirroring(world: World) -> None:
    await world.apply(
        route(
            "mirror",
            """
- filters:
  - <tag:mirror>
  - type: RequestMirror
    requestMirror:
      backendRef: {name: shop-v2, port: 80}
  backendRefs:
  - {name: shop-v1, port: 80}
""",
        )
    )

    assert (await world.ask("/order", method="POST", body=b"7")).said == (200, "mirror", "one")

    await world.backends["two"].received(lambda seen: [each.path for each in seen] == ["/order"])
    assert world.backends["two"].requests[0].body == b"7"


ALL_KINDS = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: all-kinds, namespace: shop}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: database, port: <database>, protocol: TCP}
  - {name: dns, port: <dns>, protocol: UDP}
  - {name: vault, port: <vault>, protocol: TLS, hostname: vault.example, tls: {mode: Passthrough}}
  - {name: web, port: <web>, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: database, namespace: shop}
spec:
  parentRefs: [{name: all-kinds, sectionName: database}]
  rules: [{backendRefs: [{name: database, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: dns, namespace: shop}
spec:
  parentRefs: [{name: all-kinds, sectionName: dns}]
  rules: [{backendRefs: [{name: dns, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: vault, namespace: shop}
spec:
  parentRefs: [{name: all-kinds, sectionName: vault}]
  hostnames: [vault.example]
  rules: [{backendRefs: [{name: vault, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls, namespace: shop}
spec:
  parentRefs: [{name: all-kinds, sectionName: web}]
  rules:
  - matches: [{method: {service: shop.Cart}}]
    filters: [<route:calls>]
    backendRefs: [{name: calls, port: 80}]
"""


async def test_tcp_udp_tls_passthrough_and_grpc(world: World) -> None:
    enter = world.stack.enter_async_context
    database = await enter(tcp_backend("database"))
    dns = await enter(udp_backend("dns"))
    vault = await enter(tcp_backend("vault", tls=serving(CA.issue("vault.example"))))
    calls = await enter(grpcs.grpc_backend("calls"))
    await world.apply(
        service("database", database.port),
        service("dns", dns.port, protocol="UDP"),
        service("vault", vault.port),
        service("calls", calls.port),
        ALL_KINDS,
    )

    assert await greeting(world.port("database")) == "database"
    client = await datagrams(world.port("dns"))
    assert await client.ask() == "dns"
    client.close()
    assert await greeting(world.port("vault"), tls=CA.trusting(), server_name="vault.example") == "vault"
    assert (await grpcs.call(world.port("web"), "/shop.Cart/Add")).said == ("OK", "calls", "calls")
    assert (await grpcs.call(world.port("web"), "/shop.Other/Add")).code == "UNIMPLEMENTED"
