"""ClientPolicy with a real Envoy: whose word counts, what is spoken, how much and how long, and who shares a port."""

import asyncio
import ssl
from typing import Any

import pytest

from tests.feature.harness import http1
from tests.feature.harness.http1 import Answer
from tests.feature.harness.https import ALL, CA, REFUSED, gateway, https, secure
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
BASE = f"{GATEWAY}---{CA.issue('first.example').secret('first')}"
ROUTE = http_route("r", "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}")
EDGE = target("Gateway", "edge")
FORWARDED = ("x-forwarded-for", "203.0.113.7, 198.51.100.2")


def client_policy(sections: str, at: str = EDGE, *, name: str = "way-in", created: str = "") -> str:
    return policy("ClientPolicy", name, at, sections, namespace="infra", created=created)


def seen(world: World, name: str) -> list[str]:
    return world.backends["one"].requests[-1].all(name)


async def asked(world: World, *headers: tuple[str, str], path: str = "/", **more: Any) -> Answer:
    return await world.ask(path, *headers, host="r.example", **{"source": "127.0.0.2", **more})


async def test_a_client_is_not_believed_without_a_policy(world: World) -> None:
    await world.apply(ROUTE)
    await asked(world, FORWARDED, ("x-forwarded-proto", "https"))
    assert seen(world, "x-forwarded-for") == ["127.0.0.2"]
    assert seen(world, "x-forwarded-proto") == ["http"]


async def test_so_many_proxies_in_front_are_believed(world: World) -> None:
    await world.apply(ROUTE, client_policy("default: {clientAddress: {trustedHops: 2}}"))
    await asked(world, FORWARDED, ("x-forwarded-proto", "https"), ("x-forwarded-host", "lie.example"))
    assert seen(world, "x-forwarded-for") == [f"{FORWARDED[1]},127.0.0.2"]
    assert seen(world, "x-envoy-external-address") == ["203.0.113.7"]
    assert seen(world, "x-forwarded-proto") == ["https"]
    assert seen(world, "x-forwarded-host") == []


async def test_rules_about_addresses_are_about_the_client_that_was_found(world: World) -> None:
    shut = "override: {clients: {deny: [{cidr: 203.0.113.0/24}]}}"
    await world.apply(
        ROUTE,
        client_policy("default: {clientAddress: {trustedRanges: [127.0.0.2, 198.51.100.0/24]}}"),
        policy("AccessPolicy", "shut", EDGE, shut, namespace="infra"),
    )
    assert (await asked(world, FORWARDED)).status == 403
    # Not one of those that are believed.
    assert (await asked(world, FORWARDED, source="127.0.0.9")).status == 200
    assert (await asked(world, ("x-forwarded-for", "198.51.100.2"))).status == 200
    assert (await asked(world)).status == 200


async def test_a_balancer_says_whose_connection_it_is(world: World) -> None:
    await world.apply(ROUTE, client_policy("default: {socket: {proxyProtocol: Optional}}"))

    async def announced(line: bytes) -> None:
        connection = await http1.connect(world.port("http"), source="127.0.0.2")
        try:
            connection.writer.write(line)
            assert (await connection.ask("/", host="r.example")).status == 200
        finally:
            await connection.close()

    await announced(b"PROXY TCP4 203.0.113.9 127.0.0.1 4000 80\r\n")
    assert seen(world, "x-forwarded-for") == ["203.0.113.9"]
    await announced(b"")
    assert seen(world, "x-forwarded-for") == ["127.0.0.2"]
    await world.apply(client_policy("default: {socket: {proxyProtocol: Required}}"))
    with pytest.raises((OSError, asyncio.IncompleteReadError)):
        await announced(b"")


async def test_versions_of_tls(world: World) -> None:
    edge = gateway("edge", https("web", "web", "{name: first}"))
    await world.apply(edge, ROUTE, client_policy("default: {tls: {minVersion: '1.3', curves: [P-256]}}"))
    assert (await secure(world, "web", "first.example")).status == 200
    old = CA.trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(REFUSED):
        await world.ask("/", host="first.example", port="web", tls=old, server_name="first.example")
    await world.apply(client_policy("default: {tls: {maxVersion: '1.2', ciphers: [ECDHE-ECDSA-AES256-GCM-SHA384]}}"))
    connection = await world.connect("web", tls=old, server_name="first.example")
    chosen = connection.writer.get_extra_info("cipher")
    assert chosen[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"


async def test_backends_are_told_of_a_clients_certificate(world: World) -> None:
    mutual = "{frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]}}}}"
    edge = gateway("edge", https("web", "web", "{name: first}"), tls=mutual)
    await world.apply(edge, CA.configmap("clients"), ROUTE)
    friend = CA.issue("friend", client=True)
    assert (await secure(world, "web", "first.example", client=friend)).status == 200
    assert seen(world, "x-forwarded-client-cert") == []
    await world.apply(client_policy("default: {clientCertificate: {forward: [Subject, DNS]}}"))
    lie = ("x-forwarded-client-cert", "Subject=boss")
    tls = CA.trusting(client=friend)
    answer = await world.ask("/", lie, host="first.example", port="web", tls=tls, server_name="first.example")
    assert answer.status == 200
    (told,) = seen(world, "x-forwarded-client-cert")
    assert "friend" in told
    assert "boss" not in told


async def test_what_a_request_may_have(world: World) -> None:
    rules = "default: {headers: {maxCount: 16, maxKib: 8, underscores: Allow}, path: {repeatedSlashes: Keep}}"
    await world.apply(ROUTE, client_policy(rules))
    assert (await asked(world, ("x_a", "1"), path="/a//b")).status == 200
    assert seen(world, "x_a") == ["1"]
    assert world.backends["one"].requests[-1].path == "/a//b"
    assert (await asked(world, *((f"x-{at}", "1") for at in range(20)))).status == 431
    assert (await asked(world, ("x-long", "x" * 9000))).status == 431
    await world.apply(client_policy("default: {headers: {underscores: Drop}, path: {escapedSlashes: Reject}}"))
    assert (await asked(world, ("x_a", "1"))).status == 200
    assert seen(world, "x_a") == []
    assert (await asked(world, path="/a%2Fb")).status == 400


async def test_headers_are_changed_before_a_route_is_chosen(world: World) -> None:
    early = "default: {headers: {early: {set: [{name: x-tier, value: 100% gold}], remove: [x-internal]}}}"
    to_one = "backendRefs: [{name: one, port: 80}]"
    tiers = f"""
- {{matches: [{{headers: [{{name: x-internal, value: "1"}}]}}], filters: [<route:inside>], {to_one}}}
- {{matches: [{{headers: [{{name: x-tier, value: 100% gold}}]}}], filters: [<route:gold>], {to_one}}}
"""
    await world.apply(http_route("r", tiers), client_policy(early))
    assert (await asked(world, ("x-internal", "1"), ("x-tier", "none"))).said == (200, "gold", "one")
    assert seen(world, "x-internal") == []


async def test_http_1_0_can_be_refused(world: World) -> None:
    await world.apply(ROUTE, client_policy("default: {http1: {http10: Refuse}}"))
    connection = await http1.connect(world.port("http"))
    try:
        connection.writer.write(b"GET / HTTP/1.0\r\nhost: r.example\r\n\r\n")
        assert b" 426 " in await connection.reader.readline()
    finally:
        await connection.close()


async def test_how_long_and_how_much(world: World) -> None:
    slow = "default: {timeouts: {requestHeaders: 200ms, idle: 30s, streamIdle: 1m}, connections: {maxRequestsEach: 2}}"
    await world.apply(ROUTE, client_policy(slow))
    connection = await http1.connect(world.port("http"))
    try:
        first = await connection.ask("/", host="r.example")
        second = await connection.ask("/", host="r.example")
        assert (first.one("connection"), second.one("connection")) == (None, "close")
    finally:
        await connection.close()
    late = await http1.connect(world.port("http"))
    try:
        late.writer.write(b"GET / HTTP/1.1\r\n")
        assert b" 408 " in await asyncio.wait_for(late.reader.readline(), 10)
    finally:
        await late.close()


async def test_connections_beyond_a_number_are_closed(world: World) -> None:
    await world.apply(ROUTE, client_policy("default: {connections: {max: 1}}"))
    one = await http1.connect(world.port("http"))
    try:
        assert (await one.ask("/", host="r.example")).status == 200
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await asked(world)
        assert (await one.ask("/", host="r.example")).status == 200
    finally:
        await one.close()


async def test_the_rest_is_taken(world: World) -> None:
    rest = """
default:
  http2: {maxConcurrentStreams: 10, streamWindowBytes: 65535, connectionWindowBytes: 65535}
  socket: {bufferBytes: 16384}
  connections: {max: 100, maxAge: 1h}
  timeouts: {tlsHandshake: 3s}
"""
    await world.apply(gateway("edge", https("web", "web", "{name: first}")), ROUTE, client_policy(rest))
    assert (await secure(world, "web", "first.example")).status == 200


async def test_one_port_has_one_value_and_both_sides_are_told(world: World) -> None:
    listeners = "".join(
        f"  - {{name: {name}, port: <http>, protocol: HTTP, hostname: {name}.example, {ALL}}}\n" for name in ("a", "b")
    )
    await world.apply(
        gateway("edge", listeners),
        ROUTE,
        client_policy("default: {headers: {underscores: Allow}}", target("Gateway", "edge", "a"), name="first"),
        client_policy("default: {headers: {underscores: Drop}}", target("Gateway", "edge", "b"), name="second"),
    )
    for host in ("a.example", "b.example"):
        await world.ask("/", ("x_a", "1"), host=host)
        assert seen(world, "x_a") == ["1"]
    verdicts: dict[str, Any] = {}
    for name in ("first", "second"):
        outcome: Any = world.outcome(f"ClientPolicy infra/{name}")
        (verdicts[name],) = (each for each in outcome.ancestors[0].verdicts if each.type == "Accepted")
    assert verdicts["first"].status
    assert "headers counts for listener b too, which shares port" in verdicts["first"].message
    assert 'and not that of ClientPolicy "infra/second"' in verdicts["first"].message
    assert (verdicts["second"].status, verdicts["second"].reason) == (False, "Conflicted")
    assert "headers: left out for listener b, which shares port" in verdicts["second"].message
