from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, matched, objects, tls


def routes(*texts: str) -> dict[str, list[str]]:
    """Return the hostnames of each route."""
    return {name: each["spec"].get("hostnames", []) for name, each in objects(converted(*texts), "HTTPRoute").items()}


def two_hosts(**annotations: str) -> str:
    text = ingress("shop", "/a", host="a.example", **annotations)
    rule = text[text.index("  - http:") :]
    return text + rule.replace("a.example", "b.example")


def test_hosts_of_one_ingress_with_the_same_rules_share_a_route() -> None:
    assert routes(two_hosts()) == {"shop/shop": ["a.example", "b.example"]}


def test_hosts_of_one_ingress_with_other_rules_have_routes_of_their_own() -> None:
    assert routes(two_hosts(), ingress("regex", "/x", host="b.example", use_regex="true")) == {
        "shop/shop": ["a.example"],
        "shop/regex": ["b.example"],
        "shop/shop-b-example": ["b.example"],
    }


def test_another_controllers_annotations_do_not_count() -> None:
    done = converted(ingress(class_name="nginx", auth_url="https://login.example"), klass("nginx", "example.com/other"))
    assert objects(done, "RouteFilter") == {}


def klass(name: str, controller: str) -> str:
    return (
        "{apiVersion: networking.k8s.io/v1, kind: IngressClass, "
        f"metadata: {{name: {name}}}, spec: {{controller: {controller}}}}}"
    )


def test_a_class_that_cannot_be_read_is_told() -> None:
    done = converted("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: a}, spec: 1}", ingress())
    assert fates(done)["spec"] is Fidelity.LOST
    assert list(objects(done, "HTTPRoute")) == ["shop/shop"]


def test_a_certificate_that_no_rule_is_for_has_no_listener() -> None:
    assert objects(converted(ingress(spec=tls("other.example"))), "ListenerSet") == {}


def test_rules_of_every_host_share_no_route_with_those_of_one() -> None:
    rest = {"service": {"name": "web", "port": {"number": 80}}}
    spec = {"defaultBackend": rest, "rules": [{"http": {"paths": []}}, {"host": "a.example", "http": {"paths": []}}]}
    assert routes(ingress(class_name="api", spec=spec)) == {"shop/shop": [], "shop/shop-a-example": ["a.example"]}


def test_where_only_a_part_of_a_host_is_sent_to_https_a_path_without_its_slash_is_found_on_http_too() -> None:
    part = ingress("part", "= /d/", spec=tls("shop.example"))
    rest = ingress("rest", "/other", ssl_redirect="false")
    assert matched(converted(part, rest), "shop/part-to-https") == ["Exact /d", "Exact /d/", "PathPrefix /"]
