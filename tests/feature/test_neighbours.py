"""What other controllers read and write beside a Gateway, done as they do it, with a real Envoy (docs/neighbours.md).

None of them runs here: each test makes the same objects, in the same order, and reads the same fields.
"""

from typing import Any

import pytest
import yaml

from gatewayd.status.merge import merge
from tests.feature.harness.https import CA, gateway, https, plain
from tests.feature.harness.ingresses import ingress, nginx_class, path, rule
from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.policies import drains
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
SHOP = CA.issue(HOST)
BASE = "\n---\n".join(
    (nginx_class(), gateway("edge", plain("http", "http"), https("https", "tls", "{name: shop}", hostname=HOST)))
)
TOKEN = "/.well-known/acme-challenge/token"
CHALLENGE = f"{{path: {{type: Exact, value: {TOKEN}}}}}"
ONE = "- {backendRefs: [{name: one, port: 80}]}"
CONTROLLER = "gatewayd.io/controller"


class LiveStatus:
    """The status of an object as the API server has it, write after write."""

    def __init__(self, world: World, identity: str) -> None:
        self.world, self.identity, self.value = world, identity, {}

    def read(self) -> dict[str, Any]:
        after = merge(self.value, self.world.outcome(self.identity), now="2026-01-01T00:00:00Z", controller=CONTROLLER)
        self.value = self.value if after is None else after
        return self.value


# --- cert-manager ------------------------------------------------------------------------------------------------


async def test_cert_manager_solves_http01_beside_a_redirect_and_then_brings_the_certificate(world: World) -> None:
    await world.apply(
        http_route("shop", ONE, host=HOST, parent="name: edge, namespace: infra, sectionName: https"),
        http_route(
            "to-https",
            "- {filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}",
            host=HOST,
            parent="name: edge, namespace: infra, sectionName: http",
        ),
    )
    # There is no certificate yet: only the listener that needs it waits.
    assert (await world.ask("/", host=HOST)).status == 301

    await world.apply(
        service("solver", world.backends["two"].port, namespace="shop"),
        http_route(
            "solver",
            f"- {{matches: [{CHALLENGE}], backendRefs: [{{name: solver, port: 80}}]}}",
            host=HOST,
        ),
    )
    assert (await world.ask(TOKEN, host=HOST)).backend == "two"
    assert (await world.ask("/", host=HOST)).status == 301

    await world.apply(SHOP.secret("shop"))
    await world.remove("HTTPRoute shop/solver")
    secured = await world.ask("/", host=HOST, port="tls", tls=CA.trusting(), server_name=HOST)
    assert (secured.status, secured.backend) == (200, "one")
    assert (await world.ask(TOKEN, host=HOST)).status == 301
    # The chain that refused everybody goes; no listener does.
    assert (await drains(world))["listener_manager.total_listeners_draining"] == 0


async def test_cert_manager_solves_http01_by_an_ingress_of_a_host_that_redirects(world: World) -> None:
    await world.apply(
        SHOP.secret("shop"),
        SHOP.secret("shop", namespace="shop"),
        ingress("shop", rule(path("/"), host=HOST), tls="[{hosts: [shop.example], secretName: shop}]"),
    )
    assert (await world.ask(TOKEN, host=HOST)).status == 308

    await world.apply(ingress("cm-acme-http-solver", rule(path(TOKEN, "two", "ImplementationSpecific"), host=HOST)))
    assert (await world.ask(TOKEN, host=HOST)).backend == "two"
    assert (await world.ask("/", host=HOST)).status == 308


# --- external-dns ------------------------------------------------------------------------------------------------


def dns_targets(world: World, route: LiveStatus, gateway_status: LiveStatus) -> list[str]:
    """Return what external-dns would make records for: the addresses behind each parent that has taken the route."""
    spec = yaml.safe_load(world.filled(world.applied[route.identity]))["spec"]
    named = [(ref.get("namespace"), ref["name"]) for ref in spec["parentRefs"]]
    targets: list[str] = []
    for parent in route.read().get("parents", []):
        ref = parent["parentRef"]
        accepted = [each["status"] for each in parent["conditions"] if each["type"] == "Accepted"]
        if (ref.get("namespace"), ref["name"]) in named and accepted == ["True"]:
            targets += [each["value"] for each in gateway_status.read()["addresses"]]
    return targets


async def test_external_dns_finds_addresses_behind_parents_and_no_parent_that_was(world: World) -> None:
    parent = "name: edge, namespace: infra, sectionName: {}"
    await world.apply(http_route("shop", ONE, host=HOST, parent=parent.format("http")))
    route, edge = LiveStatus(world, "HTTPRoute shop/shop"), LiveStatus(world, "Gateway infra/edge")
    assert dns_targets(world, route, edge) == ["127.0.0.1"]

    await world.apply(http_route("shop", ONE, host=HOST, parent=parent.format("none")))
    assert dns_targets(world, route, edge) == []
    assert [each["parentRef"]["sectionName"] for each in route.value["parents"]] == ["none"]

    await world.apply(http_route("shop", ONE, host=HOST, parent="name: gone"))
    assert dns_targets(world, route, edge) == []
    assert route.value["parents"] == []


async def test_external_dns_reads_an_ingress_by_its_load_balancer(world: World) -> None:
    await world.apply(ingress("shop", rule(path("/"), host=HOST)))
    status = LiveStatus(world, "Ingress shop/shop")
    assert status.read() == {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}


# --- Argo Rollouts and Flagger -----------------------------------------------------------------------------------


def weighted(one: int, two: int, more: str = "") -> str:
    refs = f"[{{name: one, port: 80, weight: {one}}}, {{name: two, port: 80, weight: {two}}}]"
    return http_route("shop", f"- {{matches: [{{path: {{value: /}}}}], backendRefs: {refs}}}{more}", host=HOST)


async def test_argo_rollouts_steps_weights_and_appends_a_rule_for_a_header(world: World) -> None:
    for one, two, backend in ((100, 0, "one"), (0, 100, "two")):
        await world.apply(weighted(one, two))
        assert {(await world.ask("/", host=HOST)).backend for _ in range(5)} == {backend}

    before = await drains(world)
    canary = "{path: {value: /}, headers: [{name: env, value: canary}]}"
    await world.apply(
        weighted(100, 0, f"\n- {{name: canary, matches: [{canary}], backendRefs: [{{name: two, port: 80}}]}}")
    )
    # The rule stands last, and is the more special one.
    assert (await world.ask("/", ("env", "canary"), host=HOST)).backend == "two"
    assert (await world.ask("/", host=HOST)).backend == "one"
    assert await drains(world) == before


async def test_flagger_keeps_sessions_with_a_cookie_that_a_backend_ref_sets(world: World) -> None:
    added = "[{name: set-cookie, value: 'flagger=abc; Max-Age=60'}]"
    cookie = f"{{type: ResponseHeaderModifier, responseHeaderModifier: {{add: {added}}}}}"
    sticky = "{headers: [{type: RegularExpression, name: Cookie, value: '.*flagger=abc.*'}]}"
    refs = f"[{{name: one, port: 80, weight: 0}}, {{name: two, port: 80, weight: 100, filters: [{cookie}]}}]"
    rules = f"- {{matches: [{sticky}], backendRefs: [{{name: two, port: 80}}]}}\n- {{backendRefs: {refs}}}"
    await world.apply(http_route("shop", rules, host=HOST))
    answer = await world.ask("/", host=HOST)
    assert (answer.backend, answer.one("set-cookie")) == ("two", "flagger=abc; Max-Age=60")

    await world.apply(
        http_route(
            "shop", rules.replace("weight: 0}", "weight: 100}").replace("weight: 100, f", "weight: 0, f"), host=HOST
        )
    )
    assert (await world.ask("/", ("cookie", "a=b; flagger=abc"), host=HOST)).backend == "two"
    answer = await world.ask("/", host=HOST)
    assert (answer.backend, answer.one("set-cookie")) == ("one", None)


# --- Knative and KEDA --------------------------------------------------------------------------------------------


async def test_knative_probes_with_a_hash_and_sends_headers_to_a_revision(world: World) -> None:
    to = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: K-Serving-Revision, value: r1}]}}"
    probe = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: K-Network-Hash, value: abc}]}}"
    refs = f"backendRefs: [{{name: one, port: 80, weight: 100, filters: [{to}]}}], timeouts: {{request: 0s}}"
    hashed = "{path: {value: /}, headers: [{name: K-Network-Hash, value: override}]}"
    rules = f"- {{matches: [{hashed}], filters: [{probe}], {refs}}}\n- {{matches: [{{path: {{value: /}}}}], {refs}}}"
    await world.apply(
        http_route("shop", rules, host="shop.default.example shop.default shop.default.svc.cluster.local")
    )

    answer = await world.ask("/", ("K-Network-Hash", "override"), host="shop.default.example")
    assert (answer.seen("k-network-hash"), answer.seen("k-serving-revision")) == (["abc"], ["r1"])
    answer = await world.ask("/", host="shop.default.svc.cluster.local")
    assert (answer.backend, answer.seen("k-serving-revision"), answer.seen("k-network-hash")) == ("one", ["r1"], [])


async def test_keda_gets_requests_through_its_interceptor_with_their_host(world: World) -> None:
    refs = "- {backendRefs: [{name: interceptor, namespace: keda, port: 80}]}"
    await world.apply(
        service("interceptor", world.backends["three"].port, namespace="keda"), http_route("shop", refs, host=HOST)
    )
    assert (await world.ask("/", host=HOST)).status == 500

    await world.apply(grant("interceptor", namespace="keda", of="shop", only="interceptor"))
    answer = await world.ask("/", host=HOST)
    assert (answer.backend, answer.seen("host")) == ("three", [HOST])
