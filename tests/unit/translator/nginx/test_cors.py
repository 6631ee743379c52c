from typing import Any

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, rules


def cors(**annotations: str) -> Any:
    done = converted(ingress(enable_cors="true", **annotations))
    [found] = rules(done)["root"]["filters"]
    return found["cors"]


def test_what_nginx_says_by_itself() -> None:
    said = cors()
    assert said["allowOrigins"] == ["*"]
    assert said["allowMethods"] == ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]
    assert said["maxAge"] == 1_728_000


def test_credentials_are_not_for_every_origin() -> None:
    assert "allowCredentials" not in cors()
    assert cors(cors_allow_origin="https://app.example")["allowCredentials"] is True
    assert "allowCredentials" not in cors(cors_allow_origin="https://app.example", cors_allow_credentials="false")


def test_what_is_said_in_annotations() -> None:
    said = cors(
        cors_allow_origin="https://*.app.example:4443, http://b.example",
        cors_allow_methods="GET, TEAPOT",
        cors_allow_headers="X-A",
        cors_expose_headers="X-B",
        cors_max_age="600",
    )
    assert said == {
        "allowOrigins": ["https://*.app.example:4443", "http://b.example"],
        "allowCredentials": True,
        "allowMethods": ["GET"],
        "allowHeaders": ["X-A"],
        "exposeHeaders": ["X-B"],
        "maxAge": 600,
    }


def test_methods_are_those_that_a_filter_may_name() -> None:
    known = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
    assert cors(cors_allow_methods=", ".join((*known, "get", "PURGE", "GET")))["allowMethods"] == known
    assert cors(cors_allow_methods="PURGE")["allowMethods"] == cors()["allowMethods"]


def test_an_origin_that_cannot_be_said_is_refused_and_told() -> None:
    done = converted(ingress(enable_cors="true", cors_allow_origin="app.example"))
    assert "filters" not in rules(done)["root"]
    assert fates(done)["cors-allow-origin"] is Fidelity.LOST


def test_without_enable_cors_nothing_is_said() -> None:
    done = converted(ingress(cors_allow_origin="https://app.example"))
    assert fates(done) == {"cors-allow-origin": Fidelity.EXACT}
    assert "filters" not in rules(done)["root"]
