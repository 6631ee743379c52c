import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects, tls

WEB = {"service": {"name": "web", "port": {"number": 80}}}
BAD = ["*", "10.0.0.1", "a.example:80", "a.*.example", "b\u00fccher.example", "a.example.", "*.", "a_b.example", "-a"]


@pytest.mark.parametrize("host", BAD)
def test_a_host_that_no_api_server_takes_stops_no_other(host: str) -> None:
    rules = [{"host": each, "http": {"paths": [{"path": "/", "backend": WEB}]}} for each in (host, "b.example")]
    done = converted(ingress(spec={"rules": rules}))
    assert objects(done, "HTTPRoute")["shop/shop"]["spec"]["hostnames"] == ["b.example"]
    assert fates(done) == {"spec.rules[0].host": Fidelity.LOST}


@pytest.mark.parametrize("host", BAD)
def test_nobody_is_served_in_its_place(host: str) -> None:
    done = converted(ingress(host=host, spec={"defaultBackend": WEB, **tls("*")}))
    assert done.objects == ()
    assert fates(done)["spec.tls[0].hosts"] is Fidelity.LOST


def test_a_certificate_is_for_the_good_hosts_of_its_entry() -> None:
    done = converted(ingress(host="a.example", spec=tls("A.example", "*", "10.0.0.1")))
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert listener["hostname"] == "a.example"
    none = converted(ingress(host="a.example", spec=tls("*")))
    assert objects(none, "ListenerSet") == {}
    assert fates(none) == {"spec.tls[0].hosts": Fidelity.LOST}
