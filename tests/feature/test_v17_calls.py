"""What v1.7.0 of the Gateway API adds for gRPC and TLS: headers, several Gateways, precedence by original hostname.

https://github.com/kubernetes-sigs/gateway-api/releases/tag/v1.7.0
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness import grpcs
from tests.feature.harness.echo import tcp_backend
from tests.feature.harness.grpcs import Reply
from tests.feature.harness.https import CA, gateway, plain
from tests.feature.harness.l4 import CLOSED, greeting
from tests.feature.harness.manifests import GATEWAY, http_route, service
from tests.feature.harness.pki import serving
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ()
BASE = GATEWAY
ALL = "allowedRoutes: {namespaces: {from: All}}"
OLD, YOUNG = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
EDGE, SECOND, NARROW = (f"name: {name}, namespace: infra" for name in ("edge", "second", "narrow"))


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def other_backends(shared_world: World) -> AsyncIterator[None]:
    enter = shared_world.stack.enter_async_context
    for name in ("one", "two"):
        calls = await enter(grpcs.grpc_backend(name))
        shared_world.backends[name] = calls
        secure = await enter(tcp_backend(name, tls=serving(CA.issue("*.example.com"))))
        await shared_world.apply(service(name, calls.port), service(f"tls-{name}", secure.port))
    yield


def rule(name: str, backend: str = "one", matches: str = "", more: str = "") -> str:
    match = f"matches: [{matches}], " if matches else ""
    return f"- {{{match}filters: [<route:{name}>{more}], backendRefs: [{{name: {backend}, port: 80}}]}}\n"


async def call(
    world: World, method: str, *metadata: tuple[str, str], host: str = "g.example", port: str = "http"
) -> Reply:
    return await grpcs.call(world.port(port), method, *metadata, authority=host)


async def test_grpc_request_headers_are_set_added_and_removed(world: World) -> None:
    """GRPCRouteRequestHeaderModifier."""
    change = (
        "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: new}], "
        "add: [{name: X-Add, value: more}], remove: [X-Remove]}}"
    )
    rules = f"- {{filters: [{change}], backendRefs: [{{name: one, port: 80}}]}}"
    await world.apply(http_route("r", rules, kind="GRPCRoute", host="g.example"))

    bare = await call(world, "/s.Set/Go")
    full = await call(world, "/s.Set/Go", ("x-set", "old"), ("x-add", "first"), ("x-remove", "gone"), ("x-keep", "k"))

    assert bare.said == ("OK", None, "one")
    assert (bare.seen("x-set"), bare.seen("x-add")) == (["new"], ["more"])
    assert (full.seen("x-set"), full.seen("x-remove"), full.seen("x-keep")) == (["new"], [], ["k"])
    assert ",".join(full.seen("x-add")).replace(" ", "") == "first,more"


async def test_one_grpc_route_on_several_gateways(world: World) -> None:
    """GRPCRouteMultipleGateways."""
    await world.apply(gateway("second", plain("http", "second")))
    routes = {"both": f"{EDGE}}}, {{{SECOND}", "first": EDGE, "second": SECOND}
    await world.apply(
        *(
            http_route(name, rule(name, "one", f"{{method: {{service: s.{name}}}}}"), kind="GRPCRoute", parent=parent)
            for name, parent in routes.items()
        )
    )

    for port, own, other in (("http", "first", "second"), ("second", "second", "first")):
        assert (await call(world, "/s.both/Go", port=port)).said == ("OK", "both", "one")
        assert (await call(world, f"/s.{own}/Go", port=port)).said == ("OK", own, "one")
        assert (await call(world, f"/s.{other}/Go", port=port)).said == ("UNIMPLEMENTED", None, None)
    assert [state(each["Accepted"]) for each in world.parents("GRPCRoute shop/both")] == [(True, "Accepted")] * 2


HOSTS = [
    ("abc.example.com", "*.example.com", "abc.example.com"),
    ("abc.example.com", "*.com", "*.example.com"),
    ("*.example.com", "*.com", "*.example.com"),
    ("*.example.com", "", "*.com"),
]


@pytest.mark.parametrize(("listener", "broad", "special"), HOSTS)
async def test_grpc_the_original_hostname_decides(world: World, listener: str, broad: str, special: str) -> None:
    """GRPCRouteMultipleRoutesAttachmentSameHostnameIntersection, and what is left falls through."""
    entry = f"  - {{name: http, port: <narrow>, protocol: HTTP, hostname: '{listener}', {ALL}}}\n"
    await world.apply(
        gateway("narrow", entry),
        http_route("broad", rule("broad", "two"), kind="GRPCRoute", host=broad, parent=NARROW, created=OLD),
        http_route(
            "special",
            rule("special", "one", "{method: {service: s.Special}}"),
            kind="GRPCRoute",
            host=special,
            parent=NARROW,
            created=YOUNG,
        ),
    )

    assert (await call(world, "/s.Special/Go", host="abc.example.com", port="narrow")).said == ("OK", "special", "one")
    assert (await call(world, "/s.Other/Go", host="abc.example.com", port="narrow")).said == ("OK", "broad", "two")


@pytest.mark.parametrize(("listener", "broad", "special"), [row for row in HOSTS if row[1]])
async def test_tls_the_original_hostname_decides(world: World, listener: str, broad: str, special: str) -> None:
    """TLSRouteMultipleRoutesAttachmentSameHostnameIntersection: one of them has the server name."""
    mode = "tls: {mode: Passthrough}"
    entry = f"  - {{name: tls, port: <narrow-tls>, protocol: TLS, hostname: '{listener}', {mode}, {ALL}}}\n"

    def route(name: str, host: str, backend: str, created: str) -> str:
        rules = f"- {{backendRefs: [{{name: {backend}, port: 80}}]}}"
        return http_route(name, rules, kind="TLSRoute", host=host, parent=NARROW, created=created)

    await world.apply(
        gateway("narrow", entry),
        route("broad", broad, "tls-two", OLD),
        route("special", special, "tls-one", YOUNG),
    )

    async def greeted() -> str:
        return await greeting(world.port("narrow-tls"), tls=CA.trusting(), server_name="abc.example.com")

    assert await greeted() == "one"
    assert world.attached("Gateway infra/narrow", "tls") == 2

    await world.remove("TLSRoute shop/special")
    assert await greeted() == "two"

    await world.remove("TLSRoute shop/broad")
    assert await greeted() == CLOSED
