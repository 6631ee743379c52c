import pytest

from gatewayd.convert.conversion import model
from gatewayd.convert.journeys import Probe
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.http_proxies import TO_TWO, at, part, root


def end(*texts: str, path: str = "/", host: str = "shop.example", scheme: str = "http", **headers: str) -> str:
    probe = Probe(scheme=scheme, host=host, path=path, headers=tuple(headers.items()))
    return str(model(parse_file("a.yaml", "---\n".join(texts).encode()).documents).answer(probe))


@pytest.mark.parametrize(
    ("path", "to"),
    [("/", "one"), ("/a/b", "two"), ("/exact", "two"), ("/7", "two"), ("/exact/x", "one")],
)
def test_the_most_special_route(path: str, to: str) -> None:
    routes = [at(), at(TO_TWO, {"prefix": "/a"}), at(TO_TWO, {"exact": "/exact"}), at(TO_TWO, {"regex": "/[0-9]"})]
    assert end(root(*routes), path=path) == f"shop/{to} (100 %) with the path {path}"


def test_what_the_report_says_differs_is_not_known() -> None:
    assert end(root(at(TO_TWO, {"prefix": "/a"}), at()), path="/ab") == "None"
    assert end(root(at(None, {"header": {"name": "a", "notpresent": True}})), a="b") == "None"


def test_headers() -> None:
    routes = [at(), at(TO_TWO, {"header": {"name": "Env", "contains": "an", "ignoreCase": True}})]
    assert end(root(*routes), env="CANARY").startswith("shop/two")
    assert end(root(*routes), env="stable").startswith("shop/one")
    assert end(root(*routes)).startswith("shop/one")


def test_weights() -> None:
    two = [{"name": "one", "port": 80}, {"name": "two", "port": 80}]
    assert end(root(at({"services": two}))) == "shop/one (50 %) or shop/two (50 %) with the path /"
    two = [{"name": "one", "port": 80, "weight": 3}, {"name": "two", "port": 80, "weight": 1}]
    assert end(root(at({"services": two}))) == "shop/one (75 %) or shop/two (25 %) with the path /"


def test_endings() -> None:
    assert end(root(at({"directResponsePolicy": {"statusCode": 418}}))) == "418"
    moved = {"requestRedirectPolicy": {"hostname": "b.test", "port": 81, "prefix": "/b"}}
    assert end(root(at(moved, {"prefix": "/a"})), path="/a/c") == "a redirect to http://b.test:81/b/c"
    assert end(root(), host="other.example") == "404"
    replaced = at(None, {"prefix": "/a"}, pathRewritePolicy={"replacePrefix": [{"replacement": "/"}]})
    assert end(root(replaced), path="/a/b") == "shop/one (100 %) with the path /b"


def test_https() -> None:
    text = root(at(), at(TO_TWO, {"exact": "/open"}, permitInsecure=True), host={"tls": {"secretName": "cert"}})
    assert end(text) == "a redirect to https://shop.example/"
    assert end(text, path="/open") == "shop/two (100 %) with the path /open"
    assert end(text, scheme="https") == "shop/one (100 %) with the path /"
    assert end(root(), scheme="https") == "404"


def test_parts_and_wildcards() -> None:
    include = {"name": "part", "namespace": "team", "conditions": [{"prefix": "/api"}]}
    texts = root(includes=[include], fqdn="*.example"), part(at(TO_TWO, {"prefix": "/v1"}))
    assert end(*texts, path="/api/v1/x") == "team/two (100 %) with the path /api/v1/x"
    assert end(*texts, host="a.b.example") == "404"
