from gatewayd.convert.fates import Fidelity
from tests.unit.convert.http_proxies import TO_TWO, at, root
from tests.unit.convert.ingresses import converted, fates, objects, rules


def test_what_a_route_does() -> None:
    own = {"requestHeadersPolicy": {"set": [{"name": "host", "value": "in.test"}]}, "timeoutPolicy": {"response": "5s"}}
    done = converted(root(at(TO_TWO, {"prefix": "/a"}, **own), host={"corsPolicy": {"allowOrigin": ["*"]}}))
    [found] = rules(done).values()
    assert [each["type"] for each in found["filters"]] == ["URLRewrite", "CORS"]
    assert (found["name"], found["timeouts"]) == ("a", {"request": "5s"})


def test_answers_and_redirects() -> None:
    said = at({"directResponsePolicy": {"statusCode": 403}}, {"prefix": "/a"})
    sent = at({"requestRedirectPolicy": {"hostname": "b.test"}}, {"exact": "/b"})
    done = converted(root(said, sent))
    assert rules(done)["b"]["filters"] == [
        {"type": "RequestRedirect", "requestRedirect": {"hostname": "b.test", "statusCode": 302}}
    ]
    assert rules(done)["a"]["matches"] == [{"path": {"type": "RegularExpression", "value": "/a.*"}}]


def test_what_keeps_somebody_out_goes_after_all_that_contour_has_before_it() -> None:
    refused = at({"directResponsePolicy": {"statusCode": 403}}, {"prefix": "/a"})
    text = root(refused, at(None, {"prefix": "/a/b"}), at(TO_TWO, {"regex": "/a/[0-9]"}), at(TO_TWO, {"prefix": "/c"}))
    paths = [each["matches"][0]["path"]["value"] for each in rules(converted(text)).values()]
    assert paths == ["/a/[0-9](?:)", "/a/b(/.*)?", "/a.*", "/c(/.*)?"]


def test_an_error_for_what_others_take_whole_is_not_written() -> None:
    refused = at({"directResponsePolicy": {"statusCode": 403}}, {"prefix": "/a"})
    [found] = rules(converted(root(refused, at(TO_TWO, {"regex": "/a.*"})))).values()
    assert found["backendRefs"][0]["name"] == "two"


def test_a_wildcard_stands_for_one_label() -> None:
    [found] = rules(converted(root(fqdn="*.example"))).values()
    assert found["matches"][0]["headers"][0]["name"] == "Host"


def test_what_no_route_of_a_host_is_for_does_not_go_to_a_wildcard() -> None:
    done = converted(root(at(None, {"exact": "/a"})), root(name="all", fqdn="*.example"))
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 404}}]
    assert "shop/shop-nobody" in objects(done, "HTTPRoute")


def test_a_route_that_has_lost_a_protection_is_closed_and_no_other() -> None:
    text = root(at(None, {"prefix": "/a"}, {"header": {"name": "x", "notpresent": True}}), at())
    done = converted(text)
    assert list(objects(done, "RouteFilter")) == ["shop/shop-a"]
    assert fates(done)["spec.routes[0]"] is Fidelity.LOST
    assert objects(converted(text, open_all=True), "RouteFilter") == {}


def test_what_there_is_nothing_for_is_told() -> None:
    told = fates(converted(root(at(internalRedirectPolicy={}, cookieRewritePolicies=[], sizePolicy={}))))
    names = ("internalRedirectPolicy", "cookieRewritePolicies", "sizePolicy")
    assert [told[f"spec.routes[0].{name}"] for name in names] == [Fidelity.LOST] * 3


def test_of_two_that_are_as_special_as_each_other_nobody_knows_who_goes_first() -> None:
    one, other = ({"header": {"name": name, "exact": "x"}} for name in ("a", "b"))
    told = fates(converted(root(at(None, one), at(TO_TWO, other), at(None, {"exact": "/"}))))
    assert told == {"spec.routes[1]": Fidelity.APPROXIMATE}
