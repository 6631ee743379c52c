from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects


def test_each_service_of_an_ingress_has_a_policy() -> None:
    default = {"defaultBackend": {"service": {"name": "other", "port": {"number": 80}}}}
    done = converted(ingress(spec=default, proxy_connect_timeout="3"))
    assert list(objects(done, "BackendPolicy")) == ["shop/other", "shop/web"]
    assert objects(done, "BackendPolicy")["shop/web"]["spec"]["targetRefs"] == [
        {"group": "", "kind": "Service", "name": "web"}
    ]


def test_of_two_that_differ_the_older_one_counts() -> None:
    done = converted(
        ingress("a", "/a", proxy_connect_timeout="3", created="2024-01-01T00:00:00Z"),
        ingress("b", "/b", proxy_connect_timeout="9", created="2023-01-01T00:00:00Z"),
    )
    assert objects(done, "BackendPolicy")["shop/web"]["spec"]["default"] == {"connection": {"connectTimeout": "9s"}}
    assert Fidelity.LOST in {item.fidelity for item in done.items}


def test_two_that_agree_share_a_policy() -> None:
    done = converted(ingress("a", "/a", proxy_connect_timeout="3"), ingress("b", "/b", proxy_connect_timeout="3"))
    assert list(objects(done, "BackendPolicy")) == ["shop/web"]
    assert not done.is_lossy


def test_one_grant_is_enough_for_two_ingresses() -> None:
    url = "http://auth.infra.svc/check"
    done = converted(ingress("a", "/a", auth_url=url), ingress("b", "/b", auth_url=url))
    [grant] = objects(done, "ReferenceGrant").values()
    assert grant["metadata"]["annotations"]["gatewayd.io/converted-from"] == "Ingress shop/a, Ingress shop/b"
    assert fates(done)["auth-url"] is Fidelity.APPROXIMATE
