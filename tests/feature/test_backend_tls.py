"""BackendTLSPolicy: TLS to backends, whose certificates are checked, and never a word in plain text where it is asked for.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy, https://gateway-api.sigs.k8s.io/geps/gep-1897/
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness import grpcs
from tests.feature.harness.echo import finish, http_backend, in_tasks, tcp_backend
from tests.feature.harness.http1 import Answer
from tests.feature.harness.https import CA, gateway, plain
from tests.feature.harness.l4 import CLOSED, greeting
from tests.feature.harness.manifests import GATEWAY, grant, http_route, service
from tests.feature.harness.pki import authority, secret, serving
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

STRANGERS, GATEWAYS = authority("Strangers"), authority("Gateways")
INNER = CA.issue("inner.example", "spiffe://shop/inner", "*.wild.example")
CLIENT = GATEWAYS.issue("gateway", client=True)
IN_CONFIGMAP = "{group: '', kind: ConfigMap, name: ca}"
BACKENDS = ("plain",)
BASE = GATEWAY + CA.configmap("ca", namespace="shop") + STRANGERS.configmap("strangers", namespace="shop")
OK, RESOLVED = (True, "Accepted"), (True, "ResolvedRefs")


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def tls_backends(shared_world: World) -> AsyncIterator[None]:
    await shared_world.backend("secure", tls=serving(INNER))
    await shared_world.backend("other", tls=serving(INNER))
    await shared_world.backend("mutual", tls=serving(INNER, clients=GATEWAYS))
    yield


def policy(
    name: str = "p",
    *,
    to: str = "secure",
    section: str = "",
    hostname: str = "inner.example",
    trust: str = f"caCertificateRefs: [{IN_CONFIGMAP}]",
    names: str = "",
    created: str = "",
) -> str:
    stamp = f", creationTimestamp: '{created}'" if created else ""
    part = f", sectionName: {section}" if section else ""
    sans = f", subjectAltNames: [{names}]" if names else ""
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: {name}, namespace: shop{stamp}}}
spec:
  targetRefs: [{{group: '', kind: Service, name: {to}{part}}}]
  validation: {{hostname: {hostname}, {trust}{sans}}}
"""


def route(backend: str, *, port: int = 80, name: str = "r", parent: str = "name: edge, namespace: infra") -> str:
    rules = f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: {port}}}]}}"
    return http_route(name, rules, host=f"{name}.example", parent=parent)


async def ask(world: World, *headers: tuple[str, str], name: str = "r", port: str = "http") -> Answer:
    return await world.ask("/", *headers, host=f"{name}.example", port=port)


def sni(answer: Answer) -> Any:
    return answer.echo["sni"]


def assert_refused(world: World, answer: Answer, *backends: str) -> None:
    """The client gets an error from the proxy, and the backends got no request, under TLS or not."""
    assert (answer.status // 100, answer.backend) == (5, None)
    for name in backends:
        assert not world.backends[name].requests


def said(world: World, name: str = "p") -> dict[str, tuple[bool, str]]:
    """Return what is said about a policy, for its only ancestor."""
    outcome: Any = world.outcome(f"BackendTLSPolicy shop/{name}")
    (ancestor,) = outcome.ancestors
    return {each.type: state(each) for each in ancestor.verdicts}


async def test_the_backend_is_spoken_to_under_tls_and_sees_the_hostname_as_server_name(world: World) -> None:
    await world.apply(policy(), route("secure"))

    answer = await ask(world)

    assert answer.said == (200, "r", "secure")
    assert sni(answer) == "inner.example"
    # The Host header is the client's and stays so.
    assert answer.seen("host") == ["r.example"]
    assert said(world) == {"Accepted": OK, "ResolvedRefs": RESOLVED}
    outcome: Any = world.outcome("BackendTLSPolicy shop/p")
    ref = outcome.ancestors[0].ref
    assert (ref.kind, ref.namespace, ref.name) == ("Gateway", "infra", "edge")


async def test_a_policy_is_for_its_service_alone(world: World) -> None:
    await world.apply(policy(), route("secure"), route("plain", name="free"))

    assert (await ask(world)).said == (200, "r", "secure")
    assert (await ask(world, name="free")).said == (200, "free", "plain")


async def test_nothing_is_said_about_a_policy_that_no_gateway_uses(world: World) -> None:
    await world.apply(policy())

    assert world.outcome("BackendTLSPolicy shop/p") is None


async def test_a_policy_that_comes_and_goes(world: World) -> None:
    await world.apply(route("secure"))
    assert (await ask(world)).status // 100 == 5

    await world.apply(policy())
    assert (await ask(world)).said == (200, "r", "secure")

    await world.remove("BackendTLSPolicy shop/p")
    assert (await ask(world)).status // 100 == 5


async def test_the_ca_may_stand_in_a_secret(world: World) -> None:
    pem = base64.b64encode(CA.pem).decode()
    await world.apply(
        f"{{apiVersion: v1, kind: Secret, metadata: {{name: ca, namespace: shop}}, data: {{ca.crt: {pem}}}}}",
        policy(trust="caCertificateRefs: [{group: '', kind: Secret, name: ca}]"),
        route("secure"),
    )

    assert (await ask(world)).said == (200, "r", "secure")
    assert said(world) == {"Accepted": OK, "ResolvedRefs": RESOLVED}


async def test_of_several_cas_any_may_have_issued_the_certificate(world: World) -> None:
    strangers = "{group: '', kind: ConfigMap, name: strangers}"
    await world.apply(policy(trust=f"caCertificateRefs: [{strangers}, {IN_CONFIGMAP}]"), route("secure"))

    assert (await ask(world)).said == (200, "r", "secure")


async def test_the_cas_of_the_system_do_not_know_ours(world: World) -> None:
    await world.apply(policy(trust="wellKnownCACertificates: System"), route("secure"))

    assert said(world) == {"Accepted": OK, "ResolvedRefs": RESOLVED}
    assert_refused(world, await ask(world), "secure")
    dump = (await world.envoys["infra/edge"].get("/config_dump?resource=dynamic_active_clusters")).decode()
    assert "/etc/ssl/certs/ca-certificates.crt" in dump
    # What was refused is our CA, and not something else: with it the same backend is good.
    await world.apply(policy())
    assert (await ask(world)).said == (200, "r", "secure")


@pytest.mark.parametrize(
    ("hostname", "names", "good"),
    [
        ("inner.example", "", True),
        ("a.wild.example", "", True),
        ("b.a.wild.example", "", False),
        ("wild.example", "", False),
        ("outer.example", "", False),
        ("inner.example.org", "", False),
        # With names, the hostname is the server name only.
        ("outer.example", "{type: Hostname, hostname: inner.example}", True),
        ("outer.example", "{type: URI, uri: spiffe://shop/inner}", True),
        ("outer.example", "{type: URI, uri: spiffe://shop/other}, {type: URI, uri: spiffe://shop/inner}", True),
        ("outer.example", "{type: Hostname, hostname: other.example}, {type: URI, uri: spiffe://shop/inner}", True),
        ("inner.example", "{type: Hostname, hostname: other.example}", False),
        ("inner.example", "{type: URI, uri: spiffe://shop/inne}", False),
        ("inner.example", "{type: URI, uri: spiffe://shop/inner/more}", False),
        ("inner.example", "{type: URI, uri: 'spiffe://shop/.*'}", False),
        ("inner.example", "{type: Hostname, hostname: shop}, {type: URI, uri: https://inner.example}", False),
    ],
)
async def test_the_names_in_the_certificate(world: World, hostname: str, names: str, *, good: bool) -> None:
    await world.apply(policy(hostname=hostname, names=names), route("secure"))

    answer = await ask(world)

    assert said(world) == {"Accepted": OK, "ResolvedRefs": RESOLVED}
    if good:
        assert answer.said == (200, "r", "secure")
        assert sni(answer) == hostname
    else:
        assert_refused(world, answer, "secure")


async def test_a_certificate_of_another_ca_is_refused(world: World) -> None:
    await world.apply(policy(trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: strangers}]"), route("secure"))

    assert_refused(world, await ask(world), "secure")
    assert said(world) == {"Accepted": OK, "ResolvedRefs": RESOLVED}


@pytest.mark.parametrize("cut", [policy(to="plain"), policy(to="plain", trust="wellKnownCACertificates: System")])
async def test_a_backend_without_tls_gets_no_request(world: World, cut: str) -> None:
    await world.apply(cut, route("plain"))

    assert_refused(world, await ask(world), "plain")


CUT = "".join(f"    {line}\n" for line in CA.pem.decode().splitlines()[:4])
NOTHING = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad, namespace: shop}\n"


@pytest.mark.parametrize(
    ("trust", "objects", "accepted", "resolved"),
    [
        ("{group: '', kind: ConfigMap, name: bad}", "", "NoValidCACertificate", "InvalidCACertificateRef"),
        ("{group: '', kind: ConfigMap, name: bad}", NOTHING, "NoValidCACertificate", "InvalidCACertificateRef"),
        (
            "{group: '', kind: ConfigMap, name: bad}",
            f"{NOTHING}data: {{ca.crt: nonsense}}",
            "NoValidCACertificate",
            "InvalidCACertificateRef",
        ),
        (
            "{group: '', kind: ConfigMap, name: bad}",
            f"{NOTHING}data:\n  ca.crt: |\n{CUT}",
            "NoValidCACertificate",
            "InvalidCACertificateRef",
        ),
        (
            "{group: '', kind: ConfigMap, name: bad}",
            CA.configmap("bad", namespace="other"),
            "NoValidCACertificate",
            "InvalidCACertificateRef",
        ),
        ("{group: '', kind: Service, name: plain}", "", "NoValidCACertificate", "InvalidKind"),
        ("{group: example.com, kind: ConfigMap, name: ca}", "", "NoValidCACertificate", "InvalidKind"),
    ],
)
async def test_references_that_lead_to_no_ca(
    world: World, trust: str, objects: str, accepted: str, resolved: str
) -> None:
    """Whether the backend speaks TLS or not: it gets nothing."""
    refs = f"caCertificateRefs: [{trust}]"
    await world.apply(objects, policy(trust=refs), policy("q", to="plain", trust=refs))
    await world.apply(route("secure"), route("plain", name="q"))

    for name in ("p", "q"):
        assert said(world, name) == {"Accepted": (False, accepted), "ResolvedRefs": (False, resolved)}
    outcome: Any = world.outcome("BackendTLSPolicy shop/p")
    assert all("spec.validation.caCertificateRefs[0]" in each.message for each in outcome.ancestors[0].verdicts)
    assert_refused(world, await ask(world), "secure")
    assert_refused(world, await ask(world, name="q"), "plain")
    # The route itself is fine.
    assert state(world.route("HTTPRoute shop/r")["Accepted"]) == OK
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == RESOLVED


async def test_one_bad_reference_beside_a_good_one(world: World) -> None:
    missing = "{group: '', kind: ConfigMap, name: missing}"
    await world.apply(policy(trust=f"caCertificateRefs: [{missing}, {IN_CONFIGMAP}]"), route("secure"))

    assert said(world) == {"Accepted": OK, "ResolvedRefs": (False, "InvalidCACertificateRef")}
    assert (await ask(world)).said == (200, "r", "secure")


async def test_well_known_cas_that_nobody_here_knows(world: World) -> None:
    await world.apply(policy(trust="wellKnownCACertificates: example.com/bundle"), route("secure"))

    assert said(world)["Accepted"] == (False, "Invalid")
    assert_refused(world, await ask(world), "secure")


async def test_the_configmap_is_followed(world: World) -> None:
    await world.apply(CA.configmap("live", namespace="shop"), route("secure"))
    await world.apply(policy(trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: live}]"))
    assert (await ask(world)).said == (200, "r", "secure")

    await world.apply(NOTHING.replace("name: bad", "name: live"))
    assert (await ask(world)).status // 100 == 5
    assert said(world) == {
        "Accepted": (False, "NoValidCACertificate"),
        "ResolvedRefs": (False, "InvalidCACertificateRef"),
    }

    await world.apply(CA.configmap("live", namespace="shop"))
    assert (await ask(world)).said == (200, "r", "secure")
    assert said(world) == {"Accepted": OK, "ResolvedRefs": RESOLVED}

    await world.remove("ConfigMap shop/live")
    assert (await ask(world)).status // 100 == 5
    assert said(world)["ResolvedRefs"] == (False, "InvalidCACertificateRef")


async def test_a_new_ca_is_used_for_new_connections(world: World) -> None:
    await world.apply(STRANGERS.configmap("live", namespace="shop"), route("secure"))
    await world.apply(policy(trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: live}]"))
    assert_refused(world, await ask(world), "secure")

    await world.apply(CA.configmap("live", namespace="shop"))
    assert (await ask(world)).said == (200, "r", "secure")

    await world.apply(STRANGERS.configmap("live", namespace="shop"))
    # The backend closes the connection that Envoy has kept, so that the next request needs a new one.
    await ask(world, ("x-echo-reset", "1"), ("x-echo-key", "close"))
    seen = len(world.backends["secure"].requests)
    answer = await ask(world)
    assert (answer.status // 100, answer.backend) == (5, None)
    assert len(world.backends["secure"].requests) == seen


def two_ports(world: World) -> str:
    """Return a Service "both": port 80 (p0) and port 81 (p1) lead to different backends, both under TLS."""
    return service("both", world.backends["secure"].port, world.backends["other"].port)


def both_ports() -> str:
    return route("both") + route("both", port=81, name="second")


async def test_a_policy_for_a_section_is_for_that_port_alone(world: World) -> None:
    mixed = service("both", world.backends["plain"].port, world.backends["secure"].port)
    await world.apply(mixed, both_ports(), policy(to="both", section="p1"))

    assert (await ask(world)).said == (200, "r", "plain")
    assert (await ask(world, name="second")).said == (200, "second", "secure")


async def test_the_policy_of_a_section_goes_before_that_of_the_whole_service(world: World) -> None:
    await world.apply(
        two_ports(world),
        both_ports(),
        policy("whole", to="both", created="2024-01-01T00:00:00Z"),
        policy("part", to="both", section="p1", hostname="a.wild.example", created="2025-01-01T00:00:00Z"),
    )

    assert sni(await ask(world)) == "inner.example"
    assert sni(await ask(world, name="second")) == "a.wild.example"
    for name in ("whole", "part"):
        assert said(world, name) == {"Accepted": OK, "ResolvedRefs": RESOLVED}

    await world.remove("BackendTLSPolicy shop/part")
    assert sni(await ask(world, name="second")) == "inner.example"


@pytest.mark.parametrize(
    ("first", "second", "section"),
    [
        ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", ""),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", ""),
        ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "p0"),
    ],
)
async def test_of_two_policies_the_older_wins_then_the_first_by_name(
    world: World, first: str, second: str, section: str
) -> None:
    older = policy("older", section=section, hostname="a.wild.example", created=first)
    younger = policy("younger", section=section, hostname="b.wild.example", created=second)
    # The later one comes first: what counts is the time in the object.
    await world.apply(younger, route("secure"))
    assert sni(await ask(world)) == "b.wild.example"

    await world.apply(older)
    assert sni(await ask(world)) == "a.wild.example"
    assert said(world, "older")["Accepted"] == OK
    assert said(world, "younger")["Accepted"] == (False, "Conflicted")

    await world.remove("BackendTLSPolicy shop/older")
    assert sni(await ask(world)) == "b.wild.example"
    assert said(world, "younger")["Accepted"] == OK


async def test_the_older_policy_wins_even_when_it_is_broken(world: World) -> None:
    """Another policy that is fine must not weaken what the older one asks for."""
    await world.apply(
        policy("older", trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: no}]", created="2024-01-01T00:00:00Z"),
        policy("younger", created="2025-01-01T00:00:00Z"),
        route("secure"),
    )

    assert_refused(world, await ask(world), "secure")
    assert said(world, "older")["Accepted"] == (False, "NoValidCACertificate")
    assert said(world, "younger")["Accepted"] == (False, "Conflicted")


async def test_every_gateway_that_uses_it_is_an_ancestor(world: World) -> None:
    second = "name: second, namespace: infra"
    await world.apply(gateway("second", plain("http", "second")))
    await world.apply(policy(), route("secure"), route("secure", name="more", parent=second))

    assert (await ask(world)).said == (200, "r", "secure")
    assert (await ask(world, name="more", port="second")).said == (200, "more", "secure")
    outcome: Any = world.outcome("BackendTLSPolicy shop/p")
    assert [each.ref.name for each in outcome.ancestors] == ["edge", "second"]


class Relay:
    """Ends TLS in front of a port without it; `seen` are (server name, protocol by ALPN) of each connection."""

    def __init__(self, port: int) -> None:
        self.seen: list[tuple[str | None, str | None]] = []
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        self.seen.append((getattr(tls, "wanted_name", None), tls.selected_alpn_protocol()))
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pipe(reader, outer), _pipe(inner, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def grpc_relay(world: World) -> AsyncIterator[Relay]:
    """A gRPC backend "calls" that is behind TLS, offered by ALPN as h2 only."""
    tasks: set[asyncio.Task[None]] = set()
    async with grpcs.grpc_backend("calls") as calls:
        relay = Relay(calls.port)
        context = serving(INNER, alpn=("h2",))
        server = await asyncio.start_server(in_tasks(relay.serve, tasks), "127.0.0.1", 0, ssl=context)
        await world.apply(service("calls", server.sockets[0].getsockname()[1]))
        await world.apply(http_route("calls", "- {backendRefs: [{name: calls, port: 80}]}", kind="GRPCRoute", host="g.example"))
        yield relay
        server.close()
        await finish(tasks)


async def test_grpc(world: World, grpc_relay: Relay) -> None:
    await world.apply(policy(to="calls"))

    reply = await grpcs.call(world.port("http"), "/shop.Cart/Add", authority="g.example")

    assert reply.said == ("OK", None, "calls")
    assert grpc_relay.seen == [("inner.example", "h2")]


@pytest.mark.parametrize(
    "bad",
    [
        policy(to="calls", hostname="outer.example"),
        policy(to="calls", trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: strangers}]"),
        policy(to="calls", trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: missing}]"),
    ],
)
@pytest.mark.usefixtures("grpc_relay")
async def test_grpc_to_a_backend_that_cannot_be_trusted(world: World, bad: str) -> None:
    await world.apply(bad)

    reply = await grpcs.call(world.port("http"), "/shop.Cart/Add", authority="g.example")

    assert reply.said == ("UNAVAILABLE", None, None)


ENDED = f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: ended, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
  - name: tls
    port: <ended>
    protocol: TLS
    hostname: outer.example
    tls: {{mode: Terminate, certificateRefs: [{{name: outer}}]}}
    allowedRoutes: {{namespaces: {{from: All}}}}
{CA.issue("outer.example").secret("outer")}"""


async def test_tls_that_ends_at_the_gateway_is_encrypted_again(world: World) -> None:
    context = serving(INNER)
    names: list[str | None] = []
    note = context.sni_callback
    context.sni_callback = lambda connection, name, own: (names.append(name), note(connection, name, own))[1]
    async with tcp_backend("bytes", tls=context) as backend:
        to_bytes = "- {backendRefs: [{name: bytes, port: 80}]}"
        parent = "name: ended, namespace: infra"
        await world.apply(ENDED, service("bytes", backend.port), policy(to="bytes"))
        await world.apply(http_route("t", to_bytes, kind="TLSRoute", host="outer.example", parent=parent))

        async def greeted() -> str:
            return await greeting(world.port("ended"), tls=CA.trusting(), server_name="outer.example")

        assert await greeted() == "bytes"
        assert names == ["inner.example"]
        outcome: Any = world.outcome("BackendTLSPolicy shop/p")
        assert [each.ref.name for each in outcome.ancestors] == ["ended"]

        for bad in (
            policy(to="bytes", hostname="other.example"),
            policy(to="bytes", trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: strangers}]"),
            policy(to="bytes", trust="caCertificateRefs: [{group: '', kind: ConfigMap, name: missing}]"),
        ):
            await world.apply(bad)
            assert await greeted() == CLOSED
        await world.apply(policy(to="bytes"))
        assert await greeted() == "bytes"
        await world.remove("TLSRoute shop/t")


def showing(ref: str) -> str:
    return gateway("shows", plain("http", "shows"), tls=f"{{backend: {{clientCertificateRef: {{{ref}}}}}}}")


SHOWS = "name: shows, namespace: infra"


async def test_the_certificate_of_the_gateway_is_shown_to_backends_that_ask(world: World) -> None:
    await world.apply(CLIENT.secret("client"), showing("name: client"), policy(to="mutual"), policy("q"))
    await world.apply(route("mutual", parent=SHOWS), route("secure", name="lax", parent=SHOWS))
    await world.apply(route("mutual", name="without"))

    assert (await ask(world, port="shows")).said == (200, "r", "mutual")
    assert (await ask(world, name="lax", port="shows")).said == (200, "lax", "secure")
    assert state(world.gateway("Gateway infra/shows")["ResolvedRefs"]) == RESOLVED
    # The other Gateway has none to show.
    assert (await ask(world, name="without")).status // 100 == 5
    assert "ResolvedRefs" not in world.gateway("Gateway infra/edge")


@pytest.mark.parametrize(
    ("ref", "objects", "reason"),
    [
        ("name: missing", "", "InvalidClientCertificateRef"),
        ("name: client, kind: ConfigMap", "", "InvalidClientCertificateRef"),
        ("name: bad", secret("bad", b"no certificate", b"no key"), "InvalidClientCertificateRef"),
        ("name: client, namespace: vault", CLIENT.secret("client", namespace="vault"), "RefNotPermitted"),
        ("name: missing, namespace: vault", "", "RefNotPermitted"),
    ],
)
async def test_references_that_lead_to_no_client_certificate(
    world: World, ref: str, objects: str, reason: str
) -> None:
    await world.apply(objects, showing(ref), policy(to="mutual"), policy("q"))
    await world.apply(route("mutual", parent=SHOWS), route("secure", name="lax", parent=SHOWS))

    found = world.gateway("Gateway infra/shows")
    assert state(found["ResolvedRefs"]) == (False, reason)
    assert "spec.tls.backend.clientCertificateRef" in found["ResolvedRefs"].message
    assert state(found["Accepted"]) == OK
    assert_refused(world, await ask(world, port="shows"), "mutual")
    assert (await ask(world, name="lax", port="shows")).said == (200, "lax", "secure")


async def test_a_grant_lets_the_gateway_show_a_certificate_of_another_namespace(world: World) -> None:
    await world.apply(
        CLIENT.secret("client", namespace="vault"),
        grant("g", namespace="vault", of="infra", kind="Gateway", to="Secret", only="client"),
        showing("name: client, namespace: vault"),
        policy(to="mutual"),
        route("mutual", parent=SHOWS),
    )

    assert (await ask(world, port="shows")).said == (200, "r", "mutual")

    await world.remove("ReferenceGrant vault/g")

    assert state(world.gateway("Gateway infra/shows")["ResolvedRefs"]) == (False, "RefNotPermitted")
    assert (await ask(world, port="shows")).status // 100 == 5


async def test_endpoints_come_and_go_under_tls(world: World) -> None:
    async with http_backend("next", tls=serving(CA.issue("inner.example"))) as following:
        await world.apply(service("moving", world.backends["secure"].port), policy(to="moving"), route("moving"))
        assert (await ask(world)).said == (200, "r", "secure")

        await world.apply(service("moving", following.port))
        assert (await ask(world)).said == (200, "r", "next")

        await world.apply(service("moving"))
        assert (await ask(world)).status == 503
