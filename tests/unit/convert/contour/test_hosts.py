from gatewayd.convert.fates import Fidelity
from tests.unit.convert.http_proxies import at, root
from tests.unit.convert.ingresses import converted, fates, objects


def test_the_listener_is_beside_its_certificate() -> None:
    done = converted(root(host={"tls": {"secretName": "infra/cert"}}))
    [listener] = objects(done, "ListenerSet")["infra/edge"]["spec"]["listeners"]
    assert (listener["hostname"], listener["tls"]["certificateRefs"]) == ("shop.example", [{"name": "cert"}])
    assert listener["allowedRoutes"] == {"namespaces": {"from": "All"}}


def test_certificates_of_clients_close() -> None:
    done = converted(root(host={"tls": {"secretName": "cert", "clientValidation": {"caSecret": "ca"}}}))
    assert fates(done)["spec.virtualhost.tls.clientValidation"] is Fidelity.LOST
    assert len(objects(done, "RouteFilter")) == 1


def test_what_is_no_http_is_told() -> None:
    told = fates(converted(root(host={"tls": {"passthrough": True, "minimumProtocolVersion": "1.3"}})))
    assert told["spec.virtualhost.tls.passthrough"] is Fidelity.LOST
    assert told["spec.virtualhost.tls.minimumProtocolVersion"] is Fidelity.LOST
    assert fates(converted(root(tcpproxy={})))["spec.tcpproxy"] is Fidelity.LOST


def test_a_route_that_allows_http() -> None:
    own = at(None, {"exact": "/open"}, permitInsecure=True)
    done = converted(root(own, at(), host={"tls": {"secretName": "cert"}}))
    assert list(objects(done, "HTTPRoute")) == ["shop/shop-by-http", "shop/shop", "shop/shop-to-https"]
