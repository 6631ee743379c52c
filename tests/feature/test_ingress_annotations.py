"""Annotations of ingress-nginx on Ingresses that are served as they are: tier 1 as a table, with a real Envoy.

https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

from collections import Counter
from typing import Any, NamedTuple

import pytest

from gatewayd.ir.conditions import CLOSED_BY_POLICY
from tests.feature.harness.https import CA, gateway, https, plain
from tests.feature.harness.ingresses import ingress, nginx, nginx_class, path, rule, to
from tests.feature.harness.manifests import http_route
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

EDGE, SHOP = CA.issue("edge.example"), CA.issue("shop.example")
BASE = "\n---\n".join(
    (
        EDGE.secret("edge"),
        SHOP.secret("shop", namespace="shop"),
        nginx_class(),
        gateway("edge", plain("http", "http"), https("https", "tls", "{name: edge}")),
    )
)
HOST = "shop.example"
ANY_PATH = (path("/"),)
TLS = "[{hosts: [shop.example], secretName: shop}]"


class Case(NamedTuple):
    """Annotations, paths, a request, and what it gets: a status, and headers of the answer or what a backend saw."""

    annotations: dict[str, str]
    target: str
    status: int
    paths: tuple[str, ...] = ANY_PATH
    headers: tuple[tuple[str, str], ...] = ()
    seen: str = ""
    answer: tuple[str, str] = ("", "")
    more: dict[str, Any] = {}  # noqa: RUF012  (nobody changes it)


REGEX = path("/cart(/|$)(.*)", kind="ImplementationSpecific")
CASES = {
    "rewrite to one path": Case({"rewrite_target": "/x"}, "/any/thing", 200, seen="/x"),
    "rewrite with groups": Case({"rewrite_target": "/$2"}, "/cart/1/2", 200, (REGEX,), seen="/1/2"),
    "rewrite, whatever the case": Case({"rewrite_target": "/$2"}, "/CART/1", 200, (REGEX,), seen="/1"),
    "rewrite of nothing more": Case({"rewrite_target": "/$2"}, "/cart", 200, (REGEX,), seen="/"),
    "expressions match what begins like them": Case(
        {"use_regex": "true"}, "/a12/b", 200, (path("/a[0-9]+", kind="ImplementationSpecific"),), seen="/a12/b"
    ),
    "expressions do not match others": Case(
        {"use_regex": "true"}, "/ab", 404, (path("/a[0-9]+", kind="ImplementationSpecific"),)
    ),
    "without use-regex a path is one": Case({}, "/a[0-9]", 404, (path("/b", kind="ImplementationSpecific"),)),
    "app root": Case({"app_root": "/app"}, "/", 302, answer=("location", "http://shop.example:<http>/app")),
    "app root is for / alone": Case({"app_root": "/app"}, "/x", 200),
    "permanent redirect": Case(
        {"permanent_redirect": "https://new.example/x"}, "/", 301, answer=("location", "https://new.example/x")
    ),
    "addresses let in": Case({"whitelist_source_range": "127.0.0.0/8"}, "/", 200),
    "addresses keep out": Case({"whitelist_source_range": "10.0.0.0/8"}, "/", 403),
    "addresses denied": Case({"denylist_source_range": "127.0.0.0/8"}, "/", 403),
    "a list that cannot be read": Case({"whitelist_source_range": "inside"}, "/", 500),
    "a small body": Case({"proxy_body_size": "1k"}, "/", 200, more={"method": "POST", "body": b"x" * 1000}),
    "a large body": Case({"proxy_body_size": "1k"}, "/", 413, more={"method": "POST", "body": b"x" * 1025}),
    "cors": Case(
        {"enable_cors": "true", "cors_allow_origin": "https://a.example"},
        "/",
        200,
        headers=(("origin", "https://a.example"),),
        answer=("access-control-allow-origin", "https://a.example"),
    ),
    "headers of a snippet": Case(
        {"configuration_snippet": 'more_set_headers "x-frame-options: DENY";'},
        "/",
        200,
        answer=("x-frame-options", "DENY"),
    ),
    "any other snippet": Case({"configuration_snippet": 'if ($http_x = "") { return 401; }'}, "/", 500),
    "a password without its Secret": Case({"auth_type": "basic", "auth_secret": "nobody"}, "/", 500),
    "client certificates": Case({"auth_tls_secret": "shop/ca"}, "/", 500),
    "what is called like a protection": Case({"super_auth": "on"}, "/", 500),
    "what is not": Case({"custom_colour": "blue"}, "/", 200),
    "TLS to a backend without a policy": Case({"backend_protocol": "HTTPS"}, "/", 500),
    "a canary alone is not served": Case({"canary": "true", "canary_weight": "10"}, "/", 404),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_an_annotation(world: World, case: Case) -> None:
    await world.apply(ingress("shop", rule(*case.paths, host=HOST), annotations=nginx(**case.annotations)))

    answer = await world.ask(case.target, *case.headers, host=HOST, **case.more)

    assert answer.status == case.status
    if case.seen:
        assert world.backends["one"].requests[-1].path == case.seen
    name, value = case.answer
    if name:
        assert answer.one(name) == value.replace("<http>", str(world.port("http")))


async def test_a_canary_gets_its_part_and_who_asks_for_it(world: World) -> None:
    notes = nginx(canary="true", canary_by_header="env", canary_by_cookie="to", canary_weight="30")
    await world.apply(
        ingress("shop", rule(path("/"), path("/only", "one"), host=HOST)),
        ingress("canary", rule(path("/", "two"), host=HOST), annotations=notes),
    )

    async def backend(*headers: tuple[str, str], target: str = "/") -> str | None:
        return (await world.ask(target, *headers, host=HOST)).backend

    assert {await backend(("env", "always")) for _ in range(8)} == {"two"}
    assert {await backend(("env", "never")) for _ in range(8)} == {"one"}
    assert await backend(("cookie", "a=b; to=always")) == "two"
    assert await backend(("env", "never"), ("cookie", "to=always")) == "one"
    assert {await backend(target="/only") for _ in range(8)} == {"one"}
    counted = Counter([await backend() for _ in range(300)])
    assert plausible(counted["two"], 300, 0.3)

    await world.remove("Ingress shop/canary")
    assert {await backend(("env", "always")) for _ in range(8)} == {"one"}


async def test_a_host_with_a_certificate_sends_its_clients_to_https_before_anything_is_asked(world: World) -> None:
    await world.apply(
        ingress(
            "shop",
            rule(path("/"), path("/.well-known/acme-challenge/x", "two"), host=HOST),
            tls=TLS,
            annotations=nginx(whitelist_source_range="10.0.0.0/8"),
        ),
        ingress("more", rule(path("/more"), host=HOST)),
        ingress("stays", rule(path("/stays"), host=HOST), annotations=nginx(ssl_redirect="false")),
        ingress("other", rule(path("/"), host="other.example")),
    )

    answer = await world.ask("/cart?a=1", host=HOST)
    assert (answer.status, answer.one("location")) == (308, f"https://shop.example:{world.port('tls')}/cart?a=1")
    assert (await world.ask("/more", host=HOST)).status == 308
    assert (await world.ask("/stays", host=HOST)).status == 200
    assert (await world.ask("/.well-known/acme-challenge/x", host=HOST)).status == 403
    assert (await world.ask("/", host="other.example")).status == 200
    secured = await world.ask("/", host=HOST, port="tls", tls=CA.trusting(), server_name=HOST)
    assert secured.status == 403


async def test_one_expression_makes_all_paths_of_the_host_expressions(world: World) -> None:
    await world.apply(
        ingress("shop", rule(path("/a.c", kind="ImplementationSpecific"), host=HOST)),
        ingress("other", rule(path("/a.c", kind="ImplementationSpecific"), host="other.example")),
    )
    assert (await world.ask("/abc", host=HOST)).status == 404

    await world.apply(ingress("infects", rule(path("/x", "two"), host=HOST), annotations=nginx(use_regex="true")))
    assert (await world.ask("/ABCd", host=HOST)).backend == "one"
    assert (await world.ask("/abc", host="other.example")).status == 404

    await world.remove("Ingress shop/infects")
    assert (await world.ask("/abc", host=HOST)).status == 404


async def test_a_further_host_has_the_paths_of_its_ingress(world: World) -> None:
    notes = nginx(server_alias="more.example, alias.example", rewrite_target="/x/$1", app_root="/app")
    paths = (path("/a/(.*)", kind="ImplementationSpecific"), path("/app", "two"))
    tls = "[{hosts: [alias.example], secretName: alias}]"
    await world.apply(
        CA.issue("alias.example").secret("alias", namespace="shop"),
        ingress("shop", rule(*paths, host=HOST), default=to("three"), annotations=notes, tls=tls),
        ingress("other", rule(path("/other"), host=HOST)),
    )

    for host in (HOST, "more.example"):
        assert (await world.ask("/a/1", host=host)).backend == "one"
        assert world.backends["one"].requests[-1].path == "/x/1"
        assert (await world.ask("/none", host=host)).backend == "three"
        assert (await world.ask("/", host=host)).status == 302
    # Of the host's other Ingresses it has nothing, and of its own certificate what any host has.
    assert (await world.ask("/other", host=HOST)).backend == "one"
    assert (await world.ask("/other", host="more.example")).backend == "three"
    assert (await world.ask("/a/1", host="alias.example")).status == 308
    secured = await world.ask("/a/1", host="alias.example", port="tls", tls=CA.trusting(), server_name="alias.example")
    assert secured.backend == "one"
    assert (await world.ask("/a/1", host="nobody.example")).status == 404

    await world.apply(ingress("shop", rule(*paths, host=HOST), default=to("three")))
    assert (await world.ask("/a/1", host="more.example")).status == 404


async def test_a_server_is_asked_who_may_come_in(world: World) -> None:
    url = "http://two.shop.svc.cluster.local/check"
    notes = nginx(auth_url=url, auth_response_headers="x-user")
    await world.apply(ingress("shop", rule(path("/"), host=HOST), annotations=notes))

    assert (await world.ask("/door", ("authorization", "Basic x"), host=HOST)).backend == "one"
    (asked,) = world.backends["two"].requests
    assert (asked.path, asked.all("authorization")) == ("/check/door", ["Basic x"])


async def test_what_cannot_be_had_is_told_on_the_ingress(world: World) -> None:
    notes = nginx(auth_tls_secret="shop/ca", session_cookie_samesite="Lax", affinity="cookie")
    await world.apply(ingress("shop", rule(path("/"), host=HOST), annotations=notes))

    assert state(world.route("Ingress shop/shop")["Accepted"]) == (True, "Accepted")
    closed = world.route("Ingress shop/shop")[CLOSED_BY_POLICY]
    assert closed.message.startswith(
        'metadata.annotations["nginx.ingress.kubernetes.io/auth-tls-secret"]: certificates of clients'
    )
    told = world.route("Ingress shop/shop")["PartiallyInvalid"].message
    assert 'metadata.annotations["nginx.ingress.kubernetes.io/session-cookie-samesite"]' in told


async def test_leniently_what_nobody_knows_opens(world: World) -> None:
    await world.apply(ingress("shop", rule(path("/"), host=HOST), annotations=nginx(super_auth="on")))
    assert (await world.ask("/", host=HOST)).status == 500

    await world.apply(nginx_class("lenient"))
    assert (await world.ask("/", host=HOST)).status == 200

    await world.apply(ingress("shop", rule(path("/"), host=HOST), annotations=nginx(auth_tls_secret="shop/ca")))
    assert (await world.ask("/", host=HOST)).status == 500


async def test_a_route_goes_before_an_expression_as_long(world: World) -> None:
    await world.apply(
        ingress("shop", rule(path("/(.*)"), host=HOST), annotations=nginx(rewrite_target="/x/$1")),
        http_route("moved", "- {matches: [{path: {value: /cart}}], backendRefs: [{name: two, port: 80}]}", host=HOST),
    )

    assert (await world.ask("/cart", host=HOST)).backend == "two"
    assert (await world.ask("/other", host=HOST)).backend == "one"
    assert world.backends["one"].requests[-1].path == "/x/other"
