from gatewayd.convert.fates import Fidelity
from tests.unit.convert.http_proxies import contour, root
from tests.unit.convert.ingresses import converted, fates, objects


def test_of_two_roots_for_one_host_none_is_served() -> None:
    done = converted(root(), root(name="other"))
    assert objects(done, "HTTPRoute") == {}
    assert fates(done)["spec.virtualhost.fqdn"] is Fidelity.LOST


def test_other_kinds() -> None:
    assert fates(converted(contour("TLSCertificateDelegation", "a", {})))["spec"] is Fidelity.EXACT
    assert fates(converted(contour("ContourConfiguration", "a", {})))["spec"] is Fidelity.LOST


def test_what_is_written_says_where_it_is_from() -> None:
    annotations = objects(converted(root()), "HTTPRoute")["shop/shop"]["metadata"]["annotations"]
    assert annotations == {"gatewayd.io/converted-from": "HTTPProxy shop/shop"}


def test_a_server_that_all_hosts_ask_closes_them() -> None:
    asked = {"globalExtAuth": {"extensionRef": {"name": "auth"}}}
    done = converted(root(), contour("ContourConfiguration", "a", asked, version="v1alpha1"))
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
    assert fates(done)["spec.globalExtAuth"] is Fidelity.LOST
