import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.fates import Fidelity
from gatewayd.convert.istio.bindings import gateway_key
from tests.unit.convert.ingresses import converted, fates, objects
from tests.unit.convert.istio_objects import TO_TWO, gateway, istio, rule, virtual_service


@pytest.mark.parametrize(("name", "key"), [("web", "shop/web"), ("infra/web", "infra/web"), ("./web", "shop/web")])
def test_names_of_gateways(name: str, key: str) -> None:
    assert gateway_key(name, "shop") == ObjectKey(*key.split("/"))


@pytest.mark.parametrize(
    ("server", "host", "served"),
    [
        ("shop.example", "shop.example", ["shop.example"]),
        ("*.example", "shop.example", ["shop.example"]),
        ("shop.example", "*", ["shop.example"]),
        ("*", "*.example", ["*.example"]),
        ("*", "*", []),
        ("shop/shop.example", "shop.example", ["shop.example"]),
        ("./shop.example", "shop.example", ["shop.example"]),
    ],
)
def test_hostnames_are_what_both_have(server: str, host: str, served: list[str]) -> None:
    done = converted(gateway(server), virtual_service(hosts=(host,)))
    assert objects(done, "HTTPRoute")["shop/shop"]["spec"].get("hostnames", []) == served


@pytest.mark.parametrize("server", ["other.example", "team/shop.example"])
def test_what_no_server_is_for_is_told(server: str) -> None:
    done = converted(gateway(server), virtual_service())
    assert fates(done)["spec.gateways"] is Fidelity.LOST
    assert objects(done, "HTTPRoute") == {}


def test_the_mesh_is_not_served() -> None:
    inside = istio("VirtualService", "shop", {"hosts": ["one"], "http": [rule()], "tcp": [{}], "tls": [{}]})
    told = fates(converted(inside))
    assert told["spec.gateways"] is told["spec.tcp[0]"] is told["spec.tls[0]"] is Fidelity.LOST


def test_a_match_counts_at_its_gateways_and_ports() -> None:
    own = [rule(TO_TWO, gateways=["other"]), rule(TO_TWO, port=8080), rule()]
    [found] = objects(converted(gateway(), virtual_service(*own)), "HTTPRoute")["shop/shop"]["spec"]["rules"]
    assert found["backendRefs"] == [{"name": "one", "port": 80}]
