from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, matched, objects, rules
from tests.unit.convert.istio_objects import TO_TWO, gateway, istio, rule, uri, virtual_service

CERTIFICATE = {"mode": "SIMPLE", "credentialName": "cert"}


def test_the_first_that_fits_goes_first() -> None:
    done = converted(
        gateway(), virtual_service(rule(TO_TWO, headers={"env": {"exact": "a"}}), rule(**uri(prefix="/a")))
    )
    canary = rules(done)["root"]
    assert [match.get("path") for match in canary["matches"]] == [None, {"type": "PathPrefix", "value": "/a"}]


def test_a_rule_that_replaces_a_prefix_has_one_match() -> None:
    twice = {"match": [{"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/b"}}], "rewrite": {"uri": "/"}}
    done = converted(gateway(), virtual_service({**rule(), **twice}))
    assert [len(each["matches"]) for each in rules(done).values()] == [1, 1]
    assert matched(done) == ["PathPrefix /a", "PathPrefix /b"]


def test_a_rule_that_never_gets_a_request_is_not_written() -> None:
    done = converted(gateway(), virtual_service(rule(), rule(TO_TWO, **uri(prefix="/a"))))
    assert (matched(done), fates(done)["spec.http[1]"]) == (["PathPrefix /"], Fidelity.EXACT)


def test_rules_of_several_virtual_services_of_a_host_are_in_one_order() -> None:
    done = converted(
        gateway(), virtual_service(rule(), name="a"), virtual_service(rule(TO_TWO, **uri(exact="/a")), name="b")
    )
    assert list(objects(done, "HTTPRoute")) == ["shop/a"]


def test_what_no_rule_of_a_host_is_for_does_not_go_to_a_wildcard() -> None:
    done = converted(
        gateway("*"), virtual_service(hosts=("*.example",), name="all"), virtual_service(rule(**uri(exact="/a")))
    )
    assert list(rules(done)) == ["a", "nobody"]
    assert list(rules(done, "shop/all")) == ["root"]


def test_http_and_https_share_a_route() -> None:
    secured = gateway(name="tls", tls=CERTIFICATE)
    done = converted(gateway(), secured, virtual_service(gateways=["web", "tls"]))
    [route] = objects(done, "HTTPRoute").values()
    assert {each.get("kind", "Gateway") for each in route["spec"]["parentRefs"]} == {"Gateway", "ListenerSet"}


def test_a_rule_that_has_lost_a_protection_is_closed_and_no_other() -> None:
    texts = gateway(), virtual_service(rule(**uri(exact="/a"), withoutHeaders={"x": {}}), rule(TO_TWO))
    done = converted(*texts)
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
    assert rules(done)["root"]["backendRefs"] == [{"name": "two", "port": 80}]
    assert fates(done)["spec.http[0]"] is Fidelity.LOST
    assert objects(converted(*texts, open_all=True), "RouteFilter") == {}


def test_a_field_of_the_whole_that_nobody_knows_closes_all_of_it() -> None:
    done = converted(gateway(), virtual_service(rule(), rule(**uri(exact="/b")), authorize="all"))
    assert len(objects(done, "RouteFilter")) == 1


def test_one_that_is_for_other_hosts_elsewhere_has_a_route_for_each() -> None:
    wide = istio(
        "Gateway", "wide", {"servers": [{"port": {"number": 8080, "protocol": "HTTP"}, "hosts": ["b.example"]}]}
    )
    own = virtual_service(
        rule(TO_TWO, port=8080), rule(), hosts=("shop.example", "b.example"), gateways=["web", "wide"]
    )
    done = converted(gateway(), wide, own)
    assert list(objects(done, "HTTPRoute")) == ["shop/shop", "shop/shop-b-example"]
