"""The cases that an Ingress controller was held to for years, as a table, with a real Envoy.

Scenarios and the words are our own; what they are about is that of
https://github.com/kubernetes-sigs/ingress-controller-conformance and of the examples at
https://kubernetes.io/docs/concepts/services-networking/ingress/#examples.
"""

import pytest

from tests.feature.harness.https import CA, gateway, https, plain
from tests.feature.harness.ingresses import CLASS, ingress, path, rule, to
from tests.feature.harness.manifests import service
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

OWN = CA.issue("foo.example")
EDGE, SITE = CA.issue("edge.example"), OWN.secret("foo", namespace="shop")
BASE = "\n---\n".join(
    (EDGE.secret("edge"), SITE, CLASS, gateway("edge", plain("http", "http"), https("https", "tls", "{name: edge}")))
)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
async def test_a_default_backend_gets_every_method(world: World, method: str) -> None:
    await world.apply(ingress("all", default=to("one")))

    answer = await world.ask("/some/path", ("User-Agent", "test"), host="any.example", method=method)

    assert (answer.status, answer.backend) == (200, "one")
    assert answer.seen("user-agent") == ["test"]
    # The names of the server and of the content's type are the backend's to tell; this one tells neither.
    assert all(answer.one(name) for name in ("content-length", "date"))


async def test_the_server_is_the_one_that_a_backend_names(world: World) -> None:
    await world.apply(ingress("all", rule(path("/a"), host="server.example")))

    named = await world.ask("/a", ("x-echo-headers", '{"server": "app"}'), host="server.example")
    assert named.all("server") == ["app"]
    # An answer of the proxy itself names nobody.
    unknown = await world.ask("/b", host="server.example")
    assert (unknown.status, unknown.all("server")) == (404, [])


async def test_default_backends_come_after_all_rules(world: World) -> None:
    """Nothing else is meant by "none of the hosts or paths match"."""
    own = ingress("own", rule(path("/own"), host="a.shop.example"), default=to("two"))
    await world.apply(own, ingress("all", default=to("three")))
    assert (await world.ask("/other", host="a.shop.example")).backend == "two"
    assert (await world.ask("/other", host="b.shop.example")).backend == "three"

    await world.apply(ingress("any", rule(path("/other"))))
    assert (await world.ask("/other", host="a.shop.example")).backend == "one"

    await world.apply(ingress("wild", rule(path("/other", "three"), host="*.shop.example")))
    assert (await world.ask("/other", host="a.shop.example")).backend == "three"
    assert (await world.ask("/none", host="a.shop.example")).backend == "two"


async def test_a_default_backend_gets_every_host_and_path(world: World) -> None:
    await world.apply(ingress("all", default=to("one")))

    for host, target in (("a.example", "/"), ("b.a.example", "/x/y?z=1"), ("localhost", "/")):
        assert (await world.ask(target, host=host)).backend == "one"


HOSTS = ingress(
    "hosts",
    rule(path("/"), host="foo.example"),
    rule(path("/", "two"), host="*.foo.example"),
    rule(f"{{path: /, pathType: Prefix, backend: {to('three', 'name: p0')}}}", host="named.example"),
    tls="[{hosts: [foo.example], secretName: foo}]",
)


@pytest.mark.parametrize(
    ("host", "answers"),
    [
        ("foo.example", (200, "one")),
        ("other.example", (404, None)),
        ("a.foo.example", (200, "two")),
        ("b.a.foo.example", (404, None)),
        ("named.example", (200, "three")),
    ],
)
async def test_hosts(world: World, host: str, answers: tuple[int, str | None]) -> None:
    await world.apply(HOSTS)

    answer = await world.ask("/", host=host)

    assert (answer.status, answer.backend if answer.status == 200 else None) == answers


async def test_a_wildcard_is_not_for_the_name_without_a_label(world: World) -> None:
    await world.apply(ingress("wild", rule(path("/"), host="*.foo.example")))

    assert (await world.ask("/", host="foo.example")).status == 404


async def test_a_host_is_served_over_tls_with_its_certificate(world: World) -> None:
    await world.apply(HOSTS)

    answer = await world.ask("/", host="foo.example", port="tls", tls=CA.trusting(), server_name="foo.example")

    assert (answer.status, answer.backend) == (200, "one")


async def test_a_class_that_does_not_exist_gets_no_address(world: World) -> None:
    await world.apply(ingress("lost", rule(path("/"), host="lost.example"), class_name="nobody"))

    assert world.outcome("Ingress shop/lost") is None
    assert (await world.ask("/", host="lost.example")).status == 404


async def test_all_endpoints_get_requests(world: World) -> None:
    ports = [world.backends[name].port for name in ("one", "two", "three")]
    more = "\n---\n".join(
        f"""apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: many-{port}, namespace: shop, labels: {{kubernetes.io/service-name: many}}}}
addressType: IPv4
ports: [{{name: p0, port: {port}}}]
endpoints: [{{addresses: ["127.0.0.1"]}}]
"""
        for port in ports[1:]
    )
    await world.apply(service("many", ports[0]), more, ingress("many", default=to("many")))

    answers = {(await world.ask("/", host="many.example")).backend for _ in range(100)}

    assert answers == {"one", "two", "three"}


EXACT, PREFIX = "Exact", "Prefix"


@pytest.mark.parametrize(
    ("kind", "written", "asked", "status"),
    [
        (EXACT, "/foo", "/foo", 200),
        (EXACT, "/foo", "/bar", 404),
        (EXACT, "/foo", "/foo/", 404),
        (EXACT, "/foo/", "/foo", 404),
        (PREFIX, "/", "/any/thing", 200),
        (PREFIX, "/foo", "/foo", 200),
        (PREFIX, "/foo", "/foo/", 200),
        (PREFIX, "/foo/", "/foo", 200),
        (PREFIX, "/foo/", "/foo/", 200),
        (PREFIX, "/aaa/bb", "/aaa/bbb", 404),
        (PREFIX, "/aaa/bbb", "/aaa/bbb", 200),
        (PREFIX, "/aaa/bbb/", "/aaa/bbb", 200),
        (PREFIX, "/aaa/bbb", "/aaa/bbb/ccc", 200),
        (PREFIX, "/aaa/bbb", "/aaa/bbbxyz", 404),
        (PREFIX, "/aaa", "/AAA", 404),
        ("ImplementationSpecific", "/foo", "/foo/bar", 200),
        ("ImplementationSpecific", "", "/any", 200),
    ],
)
async def test_paths(world: World, kind: str, written: str, asked: str, status: int) -> None:
    await world.apply(ingress("paths", rule(path(written, kind=kind), host="paths.example")))

    assert (await world.ask(asked, host="paths.example")).status == status


@pytest.mark.parametrize(
    ("asked", "backend"),
    [("/ccc", "one"), ("/aaa/ccc", "two"), ("/aaa/bbb/c", "three"), ("/foo", "two"), ("/foo/x", "one")],
)
async def test_the_longest_path_wins_and_an_exact_one_first(world: World, asked: str, backend: str) -> None:
    paths = (path("/"), path("/aaa", "two"), path("/aaa/bbb", "three"), path("/foo"), path("/foo", "two", EXACT))
    await world.apply(ingress("longest", rule(*paths, host="paths.example")))

    assert (await world.ask(asked, host="paths.example")).backend == backend
