from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from gatewayd.translator.nginx.destinations import www_twin
from tests.unit.convert.ingresses import converted, fates, ingress, objects, rules

EXACT, NEARLY, LOST = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.LOST


def redirect(**annotations: str) -> Any:
    [rule] = rules(converted(ingress(**annotations))).values()
    assert "backendRefs" not in rule
    return rule["filters"][0]["requestRedirect"]


def test_the_whole_url_may_be_kept() -> None:
    assert redirect(permanent_redirect="https://new.example$request_uri") == {
        "scheme": "https",
        "hostname": "new.example",
        "statusCode": 301,
    }


def test_a_url_with_a_path() -> None:
    assert redirect(temporal_redirect="http://new.example:8080/moved", temporal_redirect_code="307") == {
        "scheme": "http",
        "hostname": "new.example",
        "port": 8080,
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/moved"},
        "statusCode": 307,
    }


def test_the_temporal_one_counts_first() -> None:
    both = {"permanent_redirect": "https://a.example", "temporal_redirect": "https://b.example"}
    assert redirect(**both)["hostname"] == "b.example"


@pytest.mark.parametrize(
    "url", ["https://$host/x", "/moved", "https://a.example/x$request_uri", "https://a.example/?b=c"]
)
def test_what_cannot_be_redirected_to_answers_500(url: str) -> None:
    done = converted(ingress(permanent_redirect=url))
    assert fates(done) == {"permanent-redirect": LOST}
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 500}}]


def test_fates() -> None:
    assert fates(converted(ingress(permanent_redirect="https://a.example$request_uri"))) == {
        "permanent-redirect": EXACT
    }
    assert fates(converted(ingress(permanent_redirect="https://a.example/b"))) == {"permanent-redirect": NEARLY}
    assert fates(converted(ingress(permanent_redirect=""))) == {"permanent-redirect": EXACT}


def test_www_redirects_unless_somebody_has_it() -> None:
    done = converted(ingress(from_to_www_redirect="true"))
    route = objects(done, "HTTPRoute")["shop/shop-www"]["spec"]
    assert route["hostnames"] == ["www.shop.example"]
    assert route["rules"][0]["filters"][0]["requestRedirect"] == {"hostname": "shop.example", "statusCode": 308}
    taken = converted(ingress(from_to_www_redirect="true"), ingress("www", host="www.shop.example"))
    assert "shop/shop-www" not in objects(taken, "HTTPRoute")


def test_the_other_name() -> None:
    assert [www_twin(host) for host in ("a.example", "www.a.example", "", "*.a.example")] == [
        "www.a.example",
        "a.example",
        "",
        "",
    ]
