import pytest

from gatewayd.convert.conversion import model
from gatewayd.convert.journeys import Probe
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.istio_objects import TO_TWO, gateway, istio, rule, uri, virtual_service

TLS = {"mode": "SIMPLE", "credentialName": "cert"}


def end(text: str, path: str = "/", *, host: str = "shop.example", scheme: str = "http", **headers: str) -> str:
    probe = Probe(scheme=scheme, host=host, path=path, headers=tuple(headers.items()))
    return str(model(parse_file("a.yaml", text.encode()).documents).answer(probe))


def served(*rules: object) -> str:
    return f"{gateway()}---\n{virtual_service(*rules)}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("match", "path", "to"),
    [
        (uri(exact="/a"), "/a", "two"),
        (uri(exact="/a"), "/a/", "one"),
        (uri(prefix="/a"), "/a/b", "two"),
        (uri(regex="/a+"), "/aa", "two"),
        (uri(regex="/a+"), "/aab", "one"),
        ({**uri(exact="/a"), "ignoreUriCase": True}, "/A", "two"),
        ({"queryParams": {"a": {"exact": "b"}}}, "/", "one"),
        ({"method": {"exact": "POST"}}, "/", "one"),
        ({"authority": {"prefix": "shop"}}, "/", "two"),
    ],
)
def test_the_first_rule_that_fits(match: dict[str, object], path: str, to: str) -> None:
    assert end(served(rule(TO_TWO, **match), rule()), path) == f"shop/{to} (100 %) with the path {path}"


def test_what_the_report_says_differs_is_not_known() -> None:
    text = served(rule(TO_TWO, **uri(prefix="/a")), rule())
    assert end(text, "/ab") == "None"
    assert end(served(rule(TO_TWO, withoutHeaders={"a": {}})), "/") == "None"


def test_endings() -> None:
    assert end(served(rule({"directResponse": {"status": 418}}))) == "418"
    moved = {"redirect": {"authority": "b.example", "port": 81, "scheme": "https", "uri": "/b"}}
    assert end(served(rule(moved))) == "a redirect to https://b.example:81/b"
    assert end(served(rule(TO_TWO, **uri(exact="/a"))), "/b") == "404"
    assert end(served(), host="other.example") == "404"


@pytest.mark.parametrize(
    ("match", "to", "path", "written"),
    [
        (uri(prefix="/a"), {"uri": "/"}, "/a/b", "/b"),
        (uri(prefix="/a/"), {"uri": "/x/"}, "/a/b", "/x/b"),
        (uri(exact="/a"), {"uri": "/x"}, "/a", "/x"),
        (uri(regex="/a/(.*)"), {"uri": r"/\1"}, "/a/b", "/b"),
        (uri(prefix="/a"), {"uriRegexRewrite": {"match": "a", "rewrite": "b"}}, "/a", "/b"),
    ],
)
def test_rewrites(match: dict[str, object], to: dict[str, object], path: str, written: str) -> None:
    assert end(served(rule({**TO_TWO, "rewrite": to}, **match)), path).endswith(f"with the path {written}")


def test_hosts_and_schemes() -> None:
    text = f"{gateway('*.example', tls=TLS)}---\n{virtual_service(hosts=('*',))}"
    assert end(text, host="a.b.example", scheme="https") == "shop/one (100 %) with the path /"
    assert end(text, host="example", scheme="https") == "404"
    assert end(text) == "404"
    sends = f"{gateway(tls={'httpsRedirect': True}, protocol='HTTP')}---\n{virtual_service(gateways=['web', 'tls'])}"
    assert end(f"{sends}---\n{gateway(tls=TLS, name='tls')}", "/a") == "a redirect to https://shop.example/a"
    assert end(sends, "/a") == "None"
    assert end(f"{gateway(tls={'mode': 'PASSTHROUGH'})}---\n{virtual_service()}", scheme="https") == "None"


def test_rules_of_another() -> None:
    lead = rule({"delegate": {"name": "more", "namespace": "team"}}, **uri(prefix="/a"))
    more = istio("VirtualService", "more", {"http": [rule(TO_TWO)]}, namespace="team")
    text = f"{served(lead, rule())}---\n{more}"
    assert end(text, "/a") == "team/two (100 %) with the path /a"
    assert end(text, "/b") == "shop/one (100 %) with the path /b"
