"""Ingresses beside routes: what differs between the two, with a real Envoy.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

import pytest

from gatewayd.ir.conditions import RESOLVED_REFS
from tests.feature.harness import http1
from tests.feature.harness.https import CA, REFUSED, gateway, https, plain
from tests.feature.harness.ingresses import CLASS, ingress, path, rule, to
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.world import World, state
from tests.feature.test_tls import serial

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

EDGE, FOO, BAR = CA.issue("edge.example"), CA.issue("foo.example"), CA.issue("bar.example")
BASE = "\n---\n".join(
    (
        EDGE.secret("edge"),
        FOO.secret("foo", namespace="shop"),
        BAR.secret("bar", namespace="shop"),
        CLASS,
        gateway("edge", plain("http", "http"), https("https", "tls", "{name: edge}")),
    )
)
FOO_TLS, BAR_TLS = "[{hosts: [foo.example], secretName: foo}]", "[{hosts: [bar.example], secretName: bar}]"


async def shown(world: World, server_name: str) -> int:
    """Return the serial number of the certificate that is shown for a server name."""
    connection = await http1.connect(world.port("tls"), tls=CA.trusting(), server_name=server_name)
    try:
        return serial(connection.writer)
    finally:
        await connection.close()


async def who(world: World, host: str, target: str = "/") -> str | int:
    answer = await world.ask(target, host=host)
    return answer.backend or answer.status


# --- the seven differences from a route --------------------------------------------------------------------------


async def test_a_wildcard_stands_for_one_label_and_leaves_the_rest_to_wider_rules(world: World) -> None:
    await world.apply(
        ingress("wild", rule(path("/"), host="*.foo.example")),
        ingress("any", rule(path("/any", "two"))),
        ingress("default", default=to("three")),
    )

    assert await who(world, "a.foo.example") == "one"
    assert await who(world, "A.Foo.Example:8080") == "one"
    assert await who(world, "b.a.foo.example", "/any") == "two"
    assert await who(world, "b.a.foo.example", "/") == "three"
    assert await who(world, "foo.example") == "three"


async def test_a_default_backend_is_for_the_hosts_of_its_own_rules(world: World) -> None:
    await world.apply(ingress("own", rule(path("/a"), host="own.example"), default=to("two")))

    assert await who(world, "own.example", "/a") == "one"
    assert await who(world, "own.example", "/b") == "two"
    assert await who(world, "other.example", "/b") == 404


async def test_a_default_backend_alone_gets_what_is_left_of_all_hosts(world: World) -> None:
    await world.apply(
        ingress("all", default=to("three")),
        ingress("own", rule(path("/a"), host="own.example"), default=to("two")),
        ingress("bare", rule(path("/a"), host="bare.example")),
        http_route(
            "route", "- {matches: [{path: {value: /a}}], backendRefs: [{name: one, port: 80}]}", host="r.example"
        ),
    )

    assert await who(world, "bare.example", "/b") == "three"
    assert await who(world, "own.example", "/b") == "two"
    assert await who(world, "r.example", "/b") == "three"
    assert await who(world, "nobody.example") == "three"


async def test_a_host_without_paths_goes_to_the_default_backend(world: World) -> None:
    await world.apply(ingress("bare", "{host: bare.example}", default=to("two")))

    assert await who(world, "bare.example", "/x") == "two"
    assert await who(world, "other.example", "/x") == 404


async def test_an_exact_path_goes_before_a_longer_prefix_that_means_the_same(world: World) -> None:
    await world.apply(ingress("both", rule(path("/foo/"), path("/foo", "two", "Exact"), host="both.example")))

    assert await who(world, "both.example", "/foo") == "two"
    assert await who(world, "both.example", "/foo/") == "one"


async def test_the_host_routes_whatever_the_server_name_was(world: World) -> None:
    await world.apply(
        ingress("foo", rule(path("/"), host="foo.example"), tls=FOO_TLS),
        ingress("bar", rule(path("/", "two"), host="bar.example"), tls=BAR_TLS),
    )

    answer = await world.ask("/", host="bar.example", port="tls", tls=CA.trusting(), server_name="foo.example")

    assert (answer.status, answer.backend) == (200, "two")


async def test_a_host_with_tls_is_served_in_plain_text_as_well(world: World) -> None:
    await world.apply(ingress("foo", rule(path("/"), host="foo.example"), tls=FOO_TLS))

    assert await who(world, "foo.example") == "one"


async def test_each_host_has_the_certificate_of_its_ingress(world: World) -> None:
    await world.apply(
        ingress("foo", rule(path("/"), host="foo.example"), tls=FOO_TLS),
        ingress("bar", rule(path("/"), host="bar.example"), tls=BAR_TLS),
    )

    assert await shown(world, "foo.example") == FOO.serial
    assert await shown(world, "bar.example") == BAR.serial
    assert await shown(world, "edge.example") == EDGE.serial


async def test_a_listener_may_have_the_certificates_of_ingresses_alone(world: World) -> None:
    bare = https("https", "tls", "").replace("certificateRefs: []", "options: {gatewayd.io/certificates: ingress}")
    await world.apply(gateway("edge", plain("http", "http"), bare))
    with pytest.raises(REFUSED):
        await shown(world, "foo.example")

    await world.apply(ingress("foo", rule(path("/"), host="foo.example"), tls=FOO_TLS))

    assert await shown(world, "foo.example") == FOO.serial
    assert (await world.ask("/", host="foo.example", port="tls", tls=CA.trusting(), server_name="foo.example")).backend
    with pytest.raises(REFUSED):
        await shown(world, "bar.example")
    assert state(world.listener("Gateway infra/edge", "https")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_a_secret_is_one_of_the_own_namespace(world: World) -> None:
    await world.apply(
        service("theirs", namespace="other"),
        ingress("thief", rule(path("/", "theirs"), host="foo.example"), tls=FOO_TLS, namespace="other"),
    )

    told = world.route("Ingress other/thief")

    assert await shown(world, "edge.example") == EDGE.serial
    assert state(told[RESOLVED_REFS]) == (False, "InvalidCertificateRef")
    assert 'Secret "other/foo" does not exist' in told[RESOLVED_REFS].message


async def test_there_are_addresses_and_nothing_else_in_a_status(world: World) -> None:
    await world.apply(ingress("foo", rule(path("/"), host="foo.example")))

    outcome = world.outcome("Ingress shop/foo")

    assert [each.value for each in outcome.addresses] == ["127.0.0.1"]  # type: ignore[union-attr]


# --- beside routes -----------------------------------------------------------------------------------------------


async def test_paths_of_a_host_move_to_a_route_one_by_one(world: World) -> None:
    await world.apply(
        ingress("old", rule(path("/"), path("/cart"), host="shop.example"), created="2020-01-01T00:00:00Z"),
    )
    moved = "- {matches: [{path: {value: /cart}}], backendRefs: [{name: two, port: 80}]}"
    await world.apply(http_route("new", moved, host="shop.example", created="2026-01-01T00:00:00Z"))

    assert await who(world, "shop.example", "/cart") == "two"
    assert await who(world, "shop.example", "/") == "one"

    await world.remove("HTTPRoute shop/new")

    assert await who(world, "shop.example", "/cart") == "one"


async def test_of_two_ingresses_the_older_one_has_the_path(world: World) -> None:
    await world.apply(
        ingress("a-younger", rule(path("/", "two"), host="shop.example"), created="2026-01-01T00:00:00Z"),
        ingress("b-older", rule(path("/"), host="shop.example"), created="2020-01-01T00:00:00Z"),
    )

    assert await who(world, "shop.example") == "one"


# --- what names a class ------------------------------------------------------------------------------------------


async def test_the_annotation_of_old_names_a_class_as_well(world: World) -> None:
    old = ingress("old", rule(path("/"), host="old.example"), class_name="")
    await world.apply(old)
    assert await who(world, "old.example") == 404

    note = "kubernetes.io/ingress.class: gatewayd"
    await world.apply(ingress("old", rule(path("/"), host="old.example"), class_name="", annotations=note))
    assert await who(world, "old.example") == "one"


async def test_the_default_class_is_for_ingresses_that_name_none(world: World) -> None:
    default = 'metadata: {name: gatewayd, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}'
    await world.apply(
        CLASS.replace("metadata: {name: gatewayd}", default),
        ingress("none", rule(path("/"), host="none.example"), class_name=""),
    )

    assert await who(world, "none.example") == "one"


async def test_a_class_of_ours_may_have_any_name(world: World) -> None:
    await world.apply(
        CLASS.replace("{name: gatewayd}", "{name: istio}"),
        ingress("guide", rule(path("/"), host="guide.example"), class_name="istio"),
    )

    assert await who(world, "guide.example") == "one"


# --- what is broken ----------------------------------------------------------------------------------------------


async def test_what_an_ingress_breaks_is_its_own(world: World) -> None:
    broken = (path("/gone", "nobody"), path("/wide(/|$)(.*)", kind="ImplementationSpecific"), path("/good"))
    resource = "{path: /bucket, pathType: Prefix, backend: {resource: {apiGroup: k8s.example, kind: Bucket, name: b}}}"
    await world.apply(
        ingress(
            "broken", rule(*broken, resource, host="shop.example"), tls="[{hosts: [shop.example], secretName: gone}]"
        ),
        ingress("good", rule(path("/other", "two"), host="shop.example")),
    )

    assert await who(world, "shop.example", "/gone") == 500
    assert await who(world, "shop.example", "/bucket") == 500
    assert await who(world, "shop.example", "/wide") == 404
    assert await who(world, "shop.example", "/good") == "one"
    assert await who(world, "shop.example", "/other") == "two"
    told = world.route("Ingress shop/broken")
    assert state(told["Accepted"]) == (True, "Accepted")
    assert state(told["PartiallyInvalid"]) == (True, "UnsupportedValue")
    assert 'backend: Service "shop/nobody" does not exist' in told[RESOLVED_REFS].message
    assert "a resource of kind Bucket is not supported" in told[RESOLVED_REFS].message
    assert 'Secret "shop/gone" does not exist' in told[RESOLVED_REFS].message


async def test_a_gateway_says_which_namespaces_it_serves(world: World) -> None:
    own = gateway("edge", plain("http", "http")).replace("from: All", "from: Same")
    await world.apply(own, ingress("foo", rule(path("/"), host="foo.example")))

    assert await who(world, "foo.example") == 404
    assert state(world.route("Ingress shop/foo")["Accepted"]) == (False, "NotAllowedByListeners")


async def test_a_class_without_a_gateway_is_told_of(world: World) -> None:
    await world.apply(CLASS.replace("name: edge", "name: gone"), ingress("foo", rule(path("/"), host="foo.example")))

    accepted = world.route("Ingress shop/foo")["Accepted"]

    assert state(accepted) == (False, "InvalidParameters")
    assert 'IngressClass "gatewayd" spec.parameters: Gateway "infra/gone" does not exist' in accepted.message
