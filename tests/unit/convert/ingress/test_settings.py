import yaml

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects, tls

LOST, EXACT, MANUAL = Fidelity.LOST, Fidelity.EXACT, Fidelity.MANUAL
CLOSED = [{"directResponse": {"status": 403}}]


def settings(name: str = "ingress-nginx-controller", **data: str) -> str:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ingress-nginx"}}
    return yaml.safe_dump({**document, "data": {key.replace("_", "-"): value for key, value in data.items()}})


def answers(*texts: str) -> list[object]:
    return [each["spec"] for each in objects(converted(*texts), "RouteFilter").values()]


def test_what_all_ingresses_have_an_ingress_may_have_otherwise() -> None:
    office = settings(whitelist_source_range="10.0.0.0/8")
    done = converted(office, ingress("a", "/a"), ingress("b", "/b", whitelist_source_range="10.1.0.0/16"))
    ranges = [each["spec"]["default"]["clients"] for each in objects(done, "AccessPolicy").values()]
    assert ranges == [{"allow": [{"cidr": "10.0.0.0/8"}]}, {"allow": [{"cidr": "10.1.0.0/16"}]}]
    assert fates(done)["data.whitelist-source-range"] is EXACT
    assert objects(converted(office, ingress(class_name="other")), "AccessPolicy") == {}


def test_nobody_is_sent_to_https_where_the_controller_sent_nobody() -> None:
    texts = settings(ssl_redirect="false"), ingress(spec=tls("shop.example"))
    assert list(objects(converted(*texts), "HTTPRoute")) == ["shop/shop"]


def test_what_has_protected_all_and_is_lost_closes_all() -> None:
    assert answers(settings(block_cidrs="10.0.0.1"), ingress()) == CLOSED
    assert answers(settings(global_auth_url="https://login.example"), ingress()) == CLOSED
    assert answers(settings(global_auth_url="https://login.example"), ingress(enable_global_auth="false")) == []
    assert answers(settings(server_snippet="deny all;"), ingress()) == CLOSED
    assert answers(settings(enable_modsecurity="true"), ingress()) == CLOSED


def test_other_settings_are_told() -> None:
    done = converted(settings(use_forwarded_headers="true", hsts="false"), ingress())
    assert fates(done) == {"data.use-forwarded-headers": MANUAL, "data.hsts": LOST}
    assert objects(done, "RouteFilter") == {}


def test_other_config_maps_are_nobody_s() -> None:
    assert fates(converted(settings("web", ssl_redirect="false"), ingress())) == {}
    assert fates(converted(settings("nginx-pages", index="<html>"), ingress())) == {}
