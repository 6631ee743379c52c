"""What a backend sees of the headers by which a client could speak for a proxy: what the table says, and no lie."""

import pytest

from gatewayd.ir.edge import CLIENT_HEADERS
from tests.feature.harness import http2
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
ROUTE = http_route("h", "- {filters: [<route:h>], backendRefs: [{name: one, port: 80}]}", host="h.example *.h.example")
HOSTS = ("h.example", "H.example", "w.h.example")
LIE = "6.6.6.6"
FORWARDED = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-forwarded-scheme",
    "x-forwarded-ssl",
    "x-forwarded-client-cert",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-request-id",
)
OF_ENVOY = (
    "attempt-count",
    "auth-partial-body",
    "decorator-operation",
    "degraded",
    "downstream-service-cluster",
    "downstream-service-node",
    "expected-rq-timeout-ms",
    "external-address",
    "force-trace",
    "hedge-on-per-try-timeout",
    "immediate-health-check-fail",
    "internal",
    "ip-tags",
    "is-timeout-retry",
    "local-overloaded",
    "max-retries",
    "original-dst-host",
    "original-host",
    "original-method",
    "original-path",
    "original-url",
    "overloaded",
    "peer-metadata",
    "peer-metadata-id",
    "ratelimited",
    "retriable-header-names",
    "retriable-status-codes",
    "retry-grpc-on",
    "retry-on",
    "upstream-alt-stat-name",
    "upstream-canary",
    "upstream-healthchecked-cluster",
    "upstream-rq-per-try-timeout-ms",
    "upstream-rq-timeout-alt-response",
    "upstream-rq-timeout-ms",
    "upstream-service-time",
    "upstream-stream-duration-ms",
    "anything",
)
OURS = ("x-gatewayd-scope", "X-Gatewayd-Scope", "x-gatewayd-", "x-gatewayd-other")
NAMES = (*FORWARDED, *(f"x-envoy-{name}" for name in OF_ENVOY), *OURS, "http2-settings")


def expected(name: str, address: str) -> list[str]:
    """Return what the table says of a header that Envoy does not make up."""
    row = next((each for each in CLIENT_HEADERS if each.name == name.lower()), None)
    seen = "" if row is None else row.seen
    return {
        "": [],
        "the address of the connection": [address],
        "http or https, as the connection came": ["http"],
    }[seen]


def seen(answer: Answer, name: str) -> list[str]:
    assert answer.said == (200, "h", "one")
    return answer.seen(name)


@pytest.mark.parametrize("host", HOSTS)
async def test_no_lie_of_a_client_reaches_a_backend(world: World, host: str) -> None:
    await world.apply(ROUTE)

    answer = await world.ask("/", *((name, LIE) for name in NAMES), host=host)

    assert answer.said == (200, "h", "one")
    assert [name for name, value in answer.echo["headers"] if LIE in value] == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_backend_sees_what_the_table_says(world: World, name: str) -> None:
    await world.apply(ROUTE)

    one = await world.ask("/", (name, LIE), host="h.example")
    several = await world.ask("/", (name, LIE), (name.title(), f"{LIE}, 7.7.7.7"), host="h.example")

    for answer in (one, several):
        found = seen(answer, name)
        if name == "x-request-id":
            assert (len(found), len(found[0])) == (1, 36)
        elif name == "x-forwarded-for":
            # Envoy writes its own address in the place of loopback's.
            assert len(found) == 1
            assert "," not in found[0]
        else:
            assert found == expected(name, "127.0.0.1")


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_over_http_2(world: World, name: str) -> None:
    await world.apply(ROUTE)

    connection = await http2.connect(world.port("http"))
    answer = await connection.ask("/", (name.lower(), LIE), host="h.example", scheme="http")
    await connection.close()

    assert [value for value in seen(answer, name) if LIE in value] == []


async def test_everything_else_is_passed_on(world: World) -> None:
    await world.apply(ROUTE)
    headers = (
        ("via", "1.1 other"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("x-b3-traceid", "0af7651916cd43dd"),
        ("x-forwarded", "1"),
        ("x-gateway", "1"),
        ("authorization", "Bearer x"),
        ("cookie", "a=b"),
        ("x-user", "me"),
    )

    answer = await world.ask("/", *headers, host="h.example")

    assert [(name, value) for name, value in headers if seen(answer, name) != [value]] == []


async def test_a_route_may_still_write_them(world: World) -> None:
    sets = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-forwarded-host, value: mine}]}}"
    await world.apply(
        http_route("w", f"- {{filters: [{sets}], backendRefs: [{{name: one, port: 80}}]}}", host="w.example")
    )

    answer = await world.ask("/", ("x-forwarded-host", LIE), host="w.example")

    assert answer.seen("x-forwarded-host") == ["mine"]


async def test_rules_see_what_backends_see(world: World) -> None:
    match = "{headers: [{name: x-forwarded-host, value: inner}]}"
    await world.apply(
        http_route("r", f"- {{matches: [{match}], backendRefs: [{{name: one, port: 80}}]}}", host="r.example")
    )

    assert (await world.ask("/", ("x-forwarded-host", "inner"), host="r.example")).status == 404
