from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects, rules, tls


def test_one_gateway_a_listener_set_for_each_namespace_and_routes() -> None:
    done = converted(
        ingress(namespace="a", host="a.example", spec=tls("a.example")),
        ingress(namespace="b", host="b.example", spec=tls("b.example")),
    )

    assert list(objects(done, "Gateway")) == ["infra/edge"]
    assert list(objects(done, "ListenerSet")) == ["a/edge", "b/edge"]
    assert list(objects(done, "HTTPRoute")) == ["a/shop", "a/shop-to-https", "b/shop", "b/shop-to-https"]
    assert not done.is_lossy


def test_what_is_written_says_where_it_is_from() -> None:
    done = converted(ingress())
    assert objects(done, "HTTPRoute")["shop/shop"]["metadata"]["annotations"] == {
        "gatewayd.io/converted-from": "Ingress shop/shop"
    }


def test_nothing_of_ours_leads_to_nothing() -> None:
    assert converted("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").objects == ()


def test_the_order_of_documents_does_not_matter() -> None:
    one, other = ingress("a", "/a"), ingress("b", "/b")
    assert converted(one, other).objects == converted(other, one).objects


def test_a_bad_object_stops_no_other() -> None:
    broken = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: b}, spec: {rules: 1}}"
    done = converted(broken, ingress())
    assert fates(done)["spec.rules"] is Fidelity.LOST
    assert list(objects(done, "HTTPRoute")) == ["shop/shop"]


def test_what_would_be_refused_is_not_written() -> None:
    rest = {"service": {"name": "web", "port": {"number": 80}}}
    spec = {"rules": [{"host": "a.example"}, {"host": "*.a.example"}], "defaultBackend": rest}
    done = converted(ingress("s" * 250, spec=spec))
    assert done.is_lossy
    assert "metadata.name" in {item.path for item in done.items}
    assert all(len(each["metadata"]["name"]) <= 253 for each in done.objects)


def test_a_path_that_is_too_long_takes_no_other_with_it() -> None:
    done = converted(ingress("shop", f"/{'a' * 2000}", "/b", whitelist_source_range="10.0.0.0/8"))
    long, other = rules(done).values()
    assert long["matches"][0]["path"]["value"] == f"/{'a' * 399}.*"
    assert "backendRefs" not in long
    assert other["backendRefs"] == [{"name": "web", "port": 80}]
    assert fates(done)["spec.rules[0].http.paths[0].path"] is Fidelity.LOST
    expression = converted(ingress("shop", f"/{'a' * 2000}", use_regex="true"))
    [answer] = objects(expression, "RouteFilter").values()
    assert answer["spec"] == {"directResponse": {"status": 500}}


_WITH_TOKENS = """
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: shop, namespace: shop}
spec:
  virtualhost:
    fqdn: shop.example
    tls: {secretName: cert}
    jwtProviders: [{name: idp, default: true, issuer: ISSUER, remoteJWKS: {uri: "https://idp.test/keys"}}]
  routes: [{services: [{name: web, port: 80}]}]
"""


def test_tokens_that_can_be_written_are() -> None:
    done = converted(_WITH_TOKENS.replace("ISSUER", "https://idp.test"))
    assert "shop/shop" in objects(done, "AccessPolicy")


def test_a_route_goes_with_the_policy_that_cannot_be_written() -> None:
    done = converted(_WITH_TOKENS.replace("ISSUER", "i" * 5000), ingress("open", host="open.example"))
    assert list(objects(done, "HTTPRoute")) == ["shop/open", "shop/shop-to-https"]
    assert any(item.protects and item.fidelity is Fidelity.LOST for item in done.items)


def test_two_objects_of_one_name_are_not_written() -> None:
    hosts = [{"host": f"h{at}.example", "http": {"paths": []}} for at in range(17)]
    default = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    done = converted(ingress("shop", spec={"rules": hosts, **default}), ingress("shop-02", "/", host="other.example"))
    assert list(objects(done, "HTTPRoute")) == ["shop/shop", "shop/shop-02"]
    assert any(item.path == "metadata.name" and item.fidelity is Fidelity.LOST for item in done.items)


def test_a_port_is_found_by_the_name_that_its_service_has() -> None:
    service = (
        "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{name: w, port: 81}]}}"
    )
    named = ingress().replace("number: 80", "name: w")
    assert rules(converted(service, named))["root"]["backendRefs"] == [{"name": "web", "port": 81}]
