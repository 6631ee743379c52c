from typing import Any

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, message, objects, rules, tls

DEFAULT = {"defaultBackend": {"service": {"name": "other", "port": {"number": 80}}}}


def backends(done: Any, route: str) -> dict[str, str]:
    return {name: rule["backendRefs"][0]["name"] for name, rule in rules(done, route).items() if "backendRefs" in rule}


def listeners(*texts: str) -> list[tuple[str, str, str]]:
    """Return namespace, hostname and Secret of each listener for HTTPS."""
    sets = objects(converted(*texts), "ListenerSet")
    return [
        (name.partition("/")[0], each.get("hostname", ""), each["tls"]["certificateRefs"][0]["name"])
        for name, found in sets.items()
        for each in found["spec"]["listeners"]
    ]


def test_the_older_ingress_has_a_path() -> None:
    young = ingress("a", "/x", created="2024-01-01T00:00:00Z")
    old = ingress("b", "/x", created="2023-01-01T00:00:00Z")
    done = converted(young, old)
    assert list(objects(done, "HTTPRoute")) == ["shop/b"]
    assert "Ingress shop/b has this path" in message(done, "spec.rules[0].http.paths[0]")
    assert fates(done)["spec.rules[0].http.paths[0]"] is Fidelity.EXACT


def test_one_path_may_be_exact_and_a_prefix() -> None:
    assert list(rules(converted(ingress("a", "/x"), ingress("b", "= /x")), "shop/b")) == ["x"]


def test_the_longest_path_comes_first() -> None:
    assert list(rules(converted(ingress("shop", "/", "/a", "/a/b")))) == ["a-b", "a", "root"]


def test_a_default_backend_beside_rules_is_for_their_hosts() -> None:
    done = converted(ingress("shop", "/a", spec=DEFAULT))
    assert backends(done, "shop/shop") == {"a": "web", "root": "other"}


def test_a_default_backend_without_rules_is_for_all_other_hosts() -> None:
    done = converted(ingress("rest", spec={"rules": [], **DEFAULT}), ingress("shop", "/a"))
    assert "hostnames" not in objects(done, "HTTPRoute")["shop/rest"]["spec"]
    assert backends(done, "shop/rest") == {"root": "other"}


def test_what_no_path_of_a_host_is_for_does_not_go_to_the_rules_of_all_hosts() -> None:
    done = converted(ingress("rest", spec={"rules": [], **DEFAULT}), ingress("shop", "/a"))
    assert list(rules(done)) == ["a", "root"]
    assert objects(done, "RouteFilter")["shop/shop-root"]["spec"] == {"directResponse": {"status": 404}}
    assert list(rules(converted(ingress("shop", "/a")))) == ["a"]


def test_a_wildcard_stands_for_one_label() -> None:
    [rule] = rules(converted(ingress(host="*.shop.example"))).values()
    [header] = rule["matches"][0]["headers"]
    assert header == {"type": "RegularExpression", "name": "Host", "value": r"(?i)[^.]+\.shop\.example(:[0-9]+)?"}


def test_certificates_stay_in_their_namespaces() -> None:
    assert listeners(
        ingress("a", namespace="a", host="a.example", spec=tls("a.example", of="one")),
        ingress("b", namespace="b", host="b.example", spec=tls("b.example", of="two")),
    ) == [("a", "a.example", "one"), ("b", "b.example", "two")]


def test_a_host_that_two_namespaces_share_has_the_first_ones_certificate() -> None:
    one = ingress("a", "/a", namespace="a", spec=tls("shop.example", of="one"))
    other = ingress("b", "/b", namespace="b", spec=tls("shop.example", of="two"))
    assert listeners(one, other) == [("a", "shop.example", "one")]
    done = converted(one, other)
    assert objects(done, "HTTPRoute")["b/b"]["spec"]["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": "edge", "namespace": "a"}
    ]
    [listener] = objects(done, "ListenerSet")["a/edge"]["spec"]["listeners"]
    assert listener["allowedRoutes"] == {"namespaces": {"from": "All"}}


def test_an_entry_without_hosts_is_for_all_of_them() -> None:
    assert listeners(ingress(spec=tls())) == [("shop", "shop.example", "cert")]


def test_a_wildcard_certificate_is_for_the_hosts_that_it_covers() -> None:
    assert listeners(ingress(host="a.shop.example", spec=tls("*.shop.example"))) == [("shop", "a.shop.example", "cert")]
    assert listeners(ingress(host="a.b.shop.example", spec=tls("*.shop.example"))) == []


def test_rules_of_all_hosts_are_served_at_the_hosts_with_a_certificate() -> None:
    done = converted(ingress(host="", spec=tls("shop.example")))
    parents = objects(done, "HTTPRoute")["shop/shop"]["spec"]["parentRefs"]
    assert [ref.get("sectionName") for ref in parents] == ["shop-example", "http"]


def test_the_controllers_own_certificate_is_lost() -> None:
    done = converted(ingress(spec={"tls": [{"hosts": ["shop.example"]}]}))
    assert fates(done)["spec.tls[0].secretName"] is Fidelity.LOST
    assert list(objects(done, "HTTPRoute")) == ["shop/shop"]


def test_a_host_has_further_names() -> None:
    done = converted(ingress(server_alias="other.example, ~^x$, taken.example"), ingress("b", host="taken.example"))
    assert objects(done, "HTTPRoute")["shop/shop"]["spec"]["hostnames"] == ["shop.example", "other.example"]
    assert fates(done)["server-alias"] is Fidelity.LOST
    assert fates(converted(ingress(server_alias="other.example"))) == {"server-alias": Fidelity.EXACT}
