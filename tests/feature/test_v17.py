"""What v1.7.0 of the Gateway API adds for HTTP or says more clearly: secrets, names, order, rewrites, retries.

Each test stands for a conformance test that is new in v1.7.0 or demands more there.
https://github.com/kubernetes-sigs/gateway-api/releases/tag/v1.7.0
"""

from collections import Counter

import pytest

from tests.feature.harness.https import CA, gateway, https, plain, secure
from tests.feature.harness.manifests import GATEWAY, grant, http_route, service
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = GATEWAY
OLD, YOUNG = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
EDGE = "name: edge, namespace: infra"
FIRST = CA.issue("first.example")


def rule(name: str, backend: str = "one", matches: str = "") -> str:
    match = f"matches: [{matches}], " if matches else ""
    return f"- {{{match}filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: 80}}]}}\n"


async def test_a_secret_of_another_namespace_is_not_looked_for_without_a_grant(world: World) -> None:
    """GatewaySecretMissingReferenceGrant: what is said must not tell whether the Secret exists."""
    listener = https("https", "vault", "{name: there, namespace: vault}")
    await world.apply(gateway("peeking", listener))
    missing = world.listener("Gateway infra/peeking", "https")
    assert state(missing["ResolvedRefs"]) == (False, "RefNotPermitted")

    await world.apply(FIRST.secret("there", namespace="vault"))
    assert world.listener("Gateway infra/peeking", "https") == missing

    # With the grant it is said.
    await world.apply(grant("g", namespace="vault", of="infra", kind="Gateway", to="Secret"))
    assert state(world.listener("Gateway infra/peeking", "https")["ResolvedRefs"]) == (True, "ResolvedRefs")
    await world.remove("Secret vault/there")
    assert state(world.listener("Gateway infra/peeking", "https")["ResolvedRefs"]) == (False, "InvalidCertificateRef")


def narrow(port: str, host: str) -> str:
    """Return a Gateway whose only listener has a hostname."""
    return gateway("narrow", f"  - {{name: http, port: <{port}>, protocol: HTTP, hostname: {host!r}, {ALL}}}\n")


ALL = "allowedRoutes: {namespaces: {from: All}}"
NARROW = "name: narrow, namespace: infra"


@pytest.mark.parametrize(
    ("listener", "broad", "special", "asked"),
    [
        ("abc.example.com", "*.example.com", "abc.example.com", "abc.example.com"),
        ("abc.example.com", "*.com", "*.example.com", "abc.example.com"),
        ("abc.example.com", "", "*.com", "abc.example.com"),
        ("*.example.com", "*.com", "*.example.com", "abc.example.com"),
        ("*.example.com", "", "*.com", "a.b.example.com"),
    ],
)
async def test_the_original_hostname_decides_and_the_rest_falls_through(
    world: World, listener: str, broad: str, special: str, asked: str
) -> None:
    """HTTPRouteMultipleRoutesAttachmentSameHostnameIntersection: age and path count less than the hostname."""
    special_rules = (
        rule("by-path", "one", "{path: {value: /a}}")
        + rule("by-header", "one", "{headers: [{name: color, value: blue}]}")
        + rule("by-method", "one", "{method: PUT}")
    )
    broad_rules = rule("longer", "two", "{path: {value: /a/b/c}}") + rule("rest", "two")
    await world.apply(
        narrow("narrow", listener),
        http_route("broad", broad_rules, host=broad, parent=NARROW, created=OLD),
        http_route("special", special_rules, host=special, parent=NARROW, created=YOUNG),
    )

    async def who(path: str, *headers: tuple[str, str], method: str = "GET") -> str | None:
        return (await world.ask(path, *headers, host=asked, port="narrow", method=method)).route

    assert await who("/a") == "by-path"
    assert await who("/a/b/c") == "by-path"
    assert await who("/b", ("color", "blue")) == "by-header"
    assert await who("/b", method="PUT") == "by-method"
    assert await who("/b") == "rest"
    assert await who("/b", ("color", "red")) == "rest"
    assert world.attached("Gateway infra/narrow", "http") == 2


async def test_without_the_special_route_the_broad_one_has_it_all(world: World) -> None:
    await world.apply(
        narrow("narrow", "abc.example.com"),
        http_route("broad", rule("broad"), host="*.example.com", parent=NARROW, created=OLD),
        http_route("special", rule("special"), host="abc.example.com", parent=NARROW, created=YOUNG),
    )
    assert (await world.ask(host="abc.example.com", port="narrow")).route == "special"

    await world.remove("HTTPRoute shop/special")

    assert (await world.ask(host="abc.example.com", port="narrow")).route == "broad"


A_B = "{headers: [{name: a, value: '1'}, {name: b, value: '2'}]}"
B_A = "{headers: [{name: b, value: '2'}, {name: a, value: '1'}]}"
Q_AB = "{queryParams: [{name: a, value: '1'}, {name: b, value: '2'}]}"
Q_BA = "{queryParams: [{name: b, value: '2'}, {name: a, value: '1'}]}"


@pytest.mark.parametrize(
    ("first", "second"), [(A_B, B_A), (B_A, A_B), (A_B, A_B), (Q_AB, Q_BA), (Q_BA, Q_AB), ("", "")]
)
@pytest.mark.parametrize("backend", ["one", "missing", "dead"])
async def test_of_equal_rules_the_first_has_it_valid_or_not(
    world: World, first: str, second: str, backend: str
) -> None:
    """HTTPRouteRuleOrder: the order of headers does not count, and a bad backend gives its place to nobody."""
    await world.apply(
        service("dead"),
        http_route("order", rule("first", backend, first) + rule("second", "two", second), host="order.example"),
    )

    answer = await world.ask("/?a=1&b=2", ("a", "1"), ("b", "2"), host="order.example")

    assert (
        answer.said
        == {
            "one": (200, "first", "one"),
            "missing": (500, None, None),
            "dead": (503, None, None),
        }[backend]
    )


async def test_names_of_253_characters(world: World) -> None:
    """GatewayNameMaximumLength, and the same for everything else whose name may be that long."""
    longest = "x".ljust(253, "y")
    place = "n".ljust(63, "n")
    section = "s".ljust(253, "s")
    text = gateway("longest", https("section", "longest", "{name: secret}"), plain("plain", "plain"))
    text = text.replace("name: longest, namespace: infra", f"name: {longest}, namespace: {place}")
    text = text.replace("name: section", f"name: {section}").replace("{name: secret}", f"{{name: {longest}}}")
    await world.apply(
        FIRST.secret(longest, namespace=place),
        text,
        http_route(longest, rule("long"), parent=f"name: {longest}, namespace: {place}"),
    )

    assert (await secure(world, "longest", "first.example")).said == (200, "long", "one")
    assert (await world.ask(port="plain")).said == (200, "long", "one")
    assert state(world.gateway(f"Gateway {place}/{longest}")["Programmed"]) == (True, "Programmed")
    assert state(world.listener(f"Gateway {place}/{longest}", section)["Programmed"]) == (True, "Programmed")
    assert state(world.route(f"HTTPRoute shop/{longest}")["Accepted"]) == (True, "Accepted")


def rewriting(settings: str) -> str:
    return f"filters: [{{type: URLRewrite, urlRewrite: {settings}}}]"


@pytest.mark.parametrize(
    ("settings", "asked", "seen"),
    [
        ("{path: {type: ReplaceFullPath, replaceFullPath: /full}}", "/old/page?q=1", "/full?q=1"),
        ("{path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}", "/old/page?q=1", "/new/page?q=1"),
        ("{path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}", "/old", "/new"),
        ("{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}", "/old/page", "/page"),
    ],
)
@pytest.mark.parametrize("others", ["", ", {name: two, port: 80, weight: 0}", ", {name: two, port: 80}"])
async def test_a_backendref_rewrites_the_path_for_itself(
    world: World, settings: str, asked: str, seen: str, others: str
) -> None:
    """HTTPRouteBackendURLRewrite, which has one backendRef in each rule; several are ours."""
    first = f"{{name: one, port: 80, {rewriting(settings)}}}"
    rules = f"- {{matches: [{{path: {{value: /old}}}}], filters: [<route:r>], backendRefs: [{first}{others}]}}"
    await world.apply(http_route("r", rules, host="rewrite.example"))
    wanted = {"one": seen, "two": asked} if others.endswith("80}") else {"one": seen}
    found: dict[str | None, str] = {}

    connection = await world.connect()
    # With two of them, one alone answers a hundred times once in 2^99 runs.
    for _ in range(100 if len(wanted) == 2 else 5):
        answer = await connection.ask(asked, host="rewrite.example")
        assert (answer.status, answer.route) == (200, "r")
        assert found.setdefault(answer.backend, answer.echo["path"]) == answer.echo["path"]
    await connection.close()

    assert found == wanted


def retrying(retry: str, timeouts: str = "") -> str:
    limits = f", timeouts: {{{timeouts}}}" if timeouts else ""
    tags = "filters: [<tag:retry>]"
    rules = f"- {{{tags}, retry: {{{retry}}}{limits}, backendRefs: [{{name: one, port: 80}}]}}"
    return http_route("retry", rules, host="retry.example")


HANG, FAIL = "x-echo-hang", "x-echo-fail"


@pytest.mark.parametrize(
    ("retry", "timeouts", "behaviour", "status", "tries"),
    [
        # HTTPRouteRetryWithRequestTimeout: the retries end with the request.
        ("codes: [500], attempts: 100, backoff: 1ms", "request: 500ms", ((HANG, "1"),), 504, 1),
        ("codes: [504], attempts: 3, backoff: 1ms", "request: 500ms", ((HANG, "1"),), 504, 1),
        ("codes: [500], attempts: 3, backoff: 1ms", "request: 10s", ((FAIL, "2"),), 200, 3),
        # HTTPRouteRetryWithBackendTimeout: each try has its own.
        ("codes: [504], attempts: 3, backoff: 1ms", "request: 10s, backendRequest: 200ms", ((HANG, "2"),), 200, 3),
        ("codes: [504], attempts: 2, backoff: 1ms", "request: 10s, backendRequest: 200ms", ((HANG, "9"),), 504, 3),
        ("codes: [500], attempts: 2, backoff: 1ms", "request: 10s, backendRequest: 200ms", ((HANG, "9"),), 504, 1),
        ("codes: [500], attempts: 0, backoff: 1ms", "request: 10s, backendRequest: 5s", ((FAIL, "9"),), 500, 1),
    ],
)
async def test_retries_within_their_time(
    world: World, retry: str, timeouts: str, behaviour: tuple[tuple[str, str]], status: int, tries: int
) -> None:
    await world.apply(retrying(retry, timeouts))
    behaves = (*behaviour, ("x-echo-status", "500" if behaviour[0][0] == FAIL else "200"), ("x-echo-key", "k"))

    answer = await world.ask("/", *behaves, host="retry.example")

    assert answer.status == status
    assert len(world.backends["one"].requests) == tries


async def test_a_broken_pod_beside_a_good_one_is_not_noticed(world: World) -> None:
    """HTTPRouteRetryConnectionError."""
    good = f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: half-2, namespace: shop, labels: {{kubernetes.io/service-name: half}}}}
addressType: IPv4
ports: [{{name: p0, port: {world.backends["one"].port}, protocol: TCP}}]
endpoints: [{{addresses: ["127.0.0.1"]}}]
"""
    broken = service("half", free_port()) + good
    text = retrying("attempts: 100").replace("name: one", "name: half")
    await world.apply(broken, text)

    answers = Counter([(await world.ask(host="retry.example")).status for _ in range(20)])

    assert answers == {200: 20}


async def test_one_route_on_several_gateways(world: World) -> None:
    """HTTPRouteMultipleGateways: each Gateway serves what is its own, and the route for both."""
    second = "name: second, namespace: infra"
    await world.apply(gateway("second", plain("http", "second")))
    await world.apply(
        http_route("both", rule("both", "one", "{path: {value: /both}}"), parent=f"{EDGE}}}, {{{second}"),
        http_route("first", rule("first", "two", "{path: {value: /first}}")),
        http_route("second", rule("second", "three", "{path: {value: /second}}"), parent=second),
    )

    for port, own, other in (("http", "first", "second"), ("second", "second", "first")):
        assert (await world.ask("/both", port=port)).route == "both"
        assert (await world.ask(f"/{own}", port=port)).route == own
        assert (await world.ask(f"/{other}", port=port)).status == 404
    assert [state(each["Accepted"]) for each in world.parents("HTTPRoute shop/both")] == [(True, "Accepted")] * 2
    assert world.attached("Gateway infra/edge", "http") == 2
    assert world.attached("Gateway infra/second", "http") == 2

    await world.remove("Gateway infra/second")

    assert len(world.parents("HTTPRoute shop/both")) == 1
    assert world.outcome("HTTPRoute shop/second") is None
    assert (await world.ask("/both")).route == "both"
