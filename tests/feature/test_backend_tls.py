"""BackendTLSPolicy: backends are spoken to under TLS and checked, and get never a word in plain text.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy, https://gateway-api.sigs.k8s.io/geps/gep-1897/
"""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.ir.fleet import GatewayFleet
from tests.feature.harness.backend_tls import (
    CA,
    IN_CONFIGMAP,
    OBJECTS,
    OK,
    RESOLVED,
    STRANGERS,
    UNKNOWN,
    ask,
    assert_refused,
    policy,
    route,
    said,
    sni,
    start_backends,
)
from tests.feature.harness.echo import http_backend
from tests.feature.harness.manifests import service
from tests.feature.harness.pki import serving
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("plain",)
BASE = OBJECTS


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def tls_backends(shared_world: World) -> AsyncIterator[None]:
    await start_backends(shared_world)
    yield


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
    dump = (
        await world.envoys[GatewayFleet(namespace="infra", name="edge")].get(
            "/config_dump?resource=dynamic_active_clusters"
        )
    ).decode()
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
    await world.apply(policy(trust=UNKNOWN), route("secure"))

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


async def test_endpoints_come_and_go_under_tls(world: World) -> None:
    async with http_backend("next", tls=serving(CA.issue("inner.example"))) as following:
        await world.apply(service("moving", world.backends["secure"].port), policy(to="moving"), route("moving"))
        assert (await ask(world)).said == (200, "r", "secure")

        await world.apply(service("moving", following.port))
        assert (await ask(world)).said == (200, "r", "next")

        await world.apply(service("moving"))
        assert (await ask(world)).status == 503
