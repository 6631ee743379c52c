from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, message, objects, rules, tls

SECURED = tls("shop.example")


def carriers(*texts: str) -> dict[str, list[str]]:
    """Return for each route the listeners that it names."""
    return {
        name: [
            f"{ref.get('kind', 'Gateway')} {ref.get('sectionName', '')}".strip() for ref in each["spec"]["parentRefs"]
        ]
        for name, each in objects(converted(*texts), "HTTPRoute").items()
    }


def test_a_host_with_a_certificate_sends_its_clients_to_https() -> None:
    assert carriers(ingress(spec=SECURED)) == {"shop/shop": ["ListenerSet"], "shop/shop-to-https": ["Gateway http"]}
    [rule] = rules(converted(ingress(spec=SECURED)), "shop/shop-to-https").values()
    assert rule["filters"] == [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 308}}]


def test_unless_it_says_otherwise() -> None:
    assert carriers(ingress(spec=SECURED, ssl_redirect="false")) == {"shop/shop": ["ListenerSet", "Gateway http"]}


def test_other_controllers_do_not_redirect() -> None:
    assert carriers(ingress(spec=SECURED, class_name="istio")) == {"shop/shop": ["ListenerSet", "Gateway http"]}


def test_paths_of_two_ingresses_redirect_each_as_it_says() -> None:
    done = converted(ingress("a", "/a", spec=SECURED), ingress("b", "/b", spec=SECURED, ssl_redirect="false"))
    assert list(rules(done, "shop/a-to-https")) == ["a", "root"]
    assert objects(done, "HTTPRoute")["shop/b"]["spec"]["parentRefs"][1]["sectionName"] == "http"


def test_without_a_certificate_nobody_is_sent_where_nobody_answers() -> None:
    done = converted(ingress(force_ssl_redirect="true"))
    assert list(objects(done, "HTTPRoute")) == ["shop/shop"]
    assert Fidelity.LOST in {item.fidelity for item in done.items}


def test_forced_counts_where_redirects_are_off() -> None:
    assert "shop/shop-to-https" in carriers(ingress(spec=SECURED, force_ssl_redirect="true", ssl_redirect="false"))


def test_the_root_of_an_application() -> None:
    done = converted(ingress(app_root="/console?x=y"))
    assert message(done, "app-root") == "RequestRedirect of / to it, 302"
    rule = rules(done)["app-root"]
    assert rule["matches"] == [{"path": {"type": "Exact", "value": "/"}}]
    assert rule["filters"][0]["requestRedirect"] == {
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/console"},
        "statusCode": 302,
    }


def test_a_root_that_is_no_path_was_passed_over() -> None:
    done = converted(ingress(app_root="console"))
    assert message(done, "app-root") == "ingress-nginx took its default, since the value is not a path"
    assert fates(done) == {"app-root": Fidelity.EXACT}
    assert list(rules(done)) == ["root"]


def test_challenges_of_who_issues_certificates_stay_on_http() -> None:
    solver = ingress("solver", "= /.well-known/acme-challenge/token")
    done = converted(ingress(spec=SECURED), solver)
    parents = objects(done, "HTTPRoute")["shop/solver"]["spec"]["parentRefs"]
    assert {"name": "edge", "namespace": "infra", "sectionName": "http"} in parents
    assert list(rules(done, "shop/shop-to-https")) == ["root"]


def test_paths_of_one_ingress_redirect_each_as_it_must() -> None:
    done = converted(ingress("shop", "/", "/.well-known/acme-challenge", spec=SECURED))
    served = {
        name: [ref.get("sectionName") for ref in each["spec"]["parentRefs"]]
        for name, each in objects(done, "HTTPRoute").items()
    }
    assert served == {
        "shop/shop": [None, "http"],
        "shop/shop-to-https": ["http"],
        "shop/shop-shop-example": [None],
    }
