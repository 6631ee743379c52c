"""What drawn Ingresses (tests/round_trip) have found wrong, each cut down to what it takes."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from gatewayd.cli.verification import verified
from gatewayd.convert.conversion import Conversion
from gatewayd.convert.fates import Fidelity
from gatewayd.manifests.documents import parse_file
from tests.round_trip.endings import NOBODY, Ending, Probe, Reached, Sent, followed
from tests.round_trip.judge import explaining
from tests.unit.convert.ingresses import converted, ingress, objects, tls

REST = {"defaultBackend": {"service": {"name": "rest", "port": {"number": 80}}}}
ALONE = {"rules": [], **REST}


class Case(NamedTuple):
    """Ingresses, a request, and where it ends."""

    texts: tuple[str, ...]
    url: str
    ending: Ending
    headers: tuple[tuple[str, str], ...] = ()


def to(*services: str, path: str = "/", host: str = "shop.example", namespace: str = "shop") -> Reached:
    share = 1000 // len(services)
    names = tuple(sorted((f"{namespace}/{each}", share) for each in services))
    return Reached(shares=names, path=path, host=host)


def leading(to_service: str, name: str, *paths: str, **more: Any) -> str:
    return ingress(name, *paths, **more).replace("name: web", f"name: {to_service}")


CASES = {
    "the rest of all hosts is not rewritten": Case(
        (ingress(spec=ALONE, rewrite_target="/x"),),
        "http://any.test/a",
        to("rest", path="/a", host="any.test"),
    ),
    "the rest of all hosts is not redirected": Case(
        (ingress(spec=ALONE, permanent_redirect="https://moved.test/"),),
        "http://any.test/a",
        to("rest", path="/a", host="any.test"),
    ),
    "a default backend beside rules is not for every host": Case(
        (ingress("shop", "/a", host="", spec=REST),), "http://any.test/other", NOBODY
    ),
    "of a host the first Ingress has what is left": Case(
        (ingress("a", "/a"), ingress("b", "/b", spec=REST)), "http://shop.example/other", NOBODY
    ),
    "by the text of the API the first that has a default backend": Case(
        (ingress("a", "/a", class_name="api"), ingress("b", "/b", class_name="api", spec=REST)),
        "http://shop.example/other",
        to("rest", path="/other"),
    ),
    "what is redirected needs no rewrite": Case(
        (ingress("shop", "/a", permanent_redirect="https://moved.test/", rewrite_target="/x?y=1"),),
        "http://shop.example/a",
        Sent(status=301, location="https://moved.test/"),
    ),
    "a slash is added before anybody is sent away": Case(
        (ingress("shop", "/d/", temporal_redirect="http://moved.test$request_uri"),),
        "http://shop.example/d",
        Sent(status=302, location="http://moved.test/d/"),
    ),
    "among expressions the root comes before what is exact": Case(
        (ingress("a", "= /", use_regex="true"),),
        "http://shop.example/",
        NOBODY,
    ),
    "among expressions the root comes first, whoever is written first": Case(
        (ingress("a", "= /", "/", use_regex="true").replace("name: web", "name: exact", 1),),
        "http://shop.example/x",
        to("web", path="/x"),
    ),
    "a canary of the root shares a default backend": Case(
        (ingress("shop", "/a", spec=REST), leading("new", "c", "/", canary="true", canary_weight="50")),
        "http://shop.example/other",
        to("new", "rest", path="/other"),
    ),
    "a canary leads to its own namespace": Case(
        (ingress(), leading("new", "c", namespace="team", canary="true", canary_weight="100")),
        "http://shop.example/",
        to("new", namespace="team"),
    ),
    "the root of an application comes before an exact path": Case(
        (
            ingress("b", "/x", app_root="/app", created="2026-01-01T00:00:00Z"),
            ingress("a", "= /", "/app", created="2026-01-02T00:00:00Z"),
        ),
        "http://shop.example/",
        to("web", path="/app"),
    ),
    "further names are those of the first Ingress that has some": Case(
        (ingress("a", server_alias="one.test"), ingress("b", "/b", server_alias="two.test")),
        "http://two.test/",
        NOBODY,
    ),
    "a further name of every host goes before a wildcard": Case(
        (ingress("a", host="", server_alias="x.shop.example"), leading("wild", "b", host="*.shop.example")),
        "http://x.shop.example/",
        to("web", host="x.shop.example"),
    ),
    "a further name has no twin with www": Case(
        (ingress("a", "/a", server_alias="other.test"), ingress("b", "/b", from_to_www_redirect="true")),
        "http://www.other.test/",
        NOBODY,
    ),
    "who has no path of a host redirects no twin": Case(
        (ingress("a", spec={"rules": [{"host": "shop.example"}]}, from_to_www_redirect="true"), ingress("b", "/b")),
        "http://www.shop.example/",
        NOBODY,
    ),
    "the rest of all hosts is told no prefix": Case(
        (ingress(spec=ALONE, rewrite_target="/x", x_forwarded_prefix="/before"),),
        "http://any.test/a",
        to("rest", path="/a", host="any.test"),
    ),
    "a protection of who has no rules is nobody else's": Case(
        (ingress("a", spec=ALONE, auth_tls_secret="shop/ca"), ingress("b", "/b", host="")),
        "http://any.test/b",
        to("web", path="/b", host="any.test"),
    ),
    "a rewrite with groups goes with a host for the backend": Case(
        (ingress("shop", "/a/(.*)", rewrite_target="/$1", upstream_vhost="in.test"),),
        "http://shop.example/a/b",
        replace(to("web", path="/b"), host="in.test"),
    ),
    "an exact path behind the root of expressions gets nothing, whatever its canary asks for": Case(
        (
            ingress("a", "= /", use_regex="true", spec=REST),
            leading("new", "c", "= /", canary="true", canary_by_header="env", canary_by_header_value="new"),
        ),
        "http://shop.example/x",
        to("rest", path="/x"),
        (("env", "new"),),
    ),
    "a prefix beside an exact path is what is below it": Case(
        (leading("below", "a", "/a"), leading("exact", "b", "= /a"), ingress("c", "/c", use_regex="true")),
        "http://shop.example/ab",
        to("exact", path="/ab"),
    ),
    "and its requests are those of the prefix": Case(
        (leading("below", "a", "/a"), leading("exact", "b", "= /a"), ingress("c", "/c", use_regex="true")),
        "http://shop.example/a/b",
        to("below", path="/a/b"),
    ),
    "the twin with www is redirected by HTTPS where a wildcard has a certificate": Case(
        (
            ingress("a", host="a.example", from_to_www_redirect="true"),
            ingress("b", host="*.a.example", spec=tls("*.a.example")),
        ),
        "https://www.a.example/x",
        Sent(status=308, location="https://a.example/x"),
    ),
}


def probe(case: Case) -> Probe:
    scheme, _, rest = case.url.partition("://")
    host, slash, path = rest.partition("/")
    return Probe(scheme=scheme, host=host, path=f"{slash}{path}", headers=case.headers)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_requests_end_where_they_ended(case: Case) -> None:
    done = converted(*case.texts)
    assert followed(probe(case), explaining(done.objects)) == case.ending
    assert differences(case.texts, done) == ()


def differences(texts: tuple[str, ...], done: Conversion) -> object:
    """Return what the model of `--verify` says is other than before."""
    return verified(parse_file("a.yaml", "\n---\n".join(texts).encode()).documents, done.objects).differences


def test_no_route_is_lost_for_its_name() -> None:
    rules = [
        {"host": host, "http": {"paths": [path(each) for each in paths]}}
        for host, paths in (
            ("a.example", ("/x",)),
            ("b.example", ("/.well-known/acme-challenge/x", "/y")),
        )
    ]
    spec = {"rules": rules, **tls("a.example", "b.example")}
    done = converted(ingress(spec=spec))
    assert not any(item.fidelity is Fidelity.LOST for item in done.items)
    assert {"shop/shop", "shop/shop-b-example", "shop/shop-b-example-2"} <= objects(done, "HTTPRoute").keys()


def path(text: str) -> dict[str, Any]:
    return {"path": text, "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}


def test_a_password_is_no_difference_to_verify() -> None:
    texts = (ingress(auth_type="basic", auth_secret="users"),)
    assert differences(texts, converted(*texts)) == ()
