from typing import Any

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects
from tests.unit.convert.istio_objects import SERVICE, gateway, rule, virtual_service


def refs(*routes: dict[str, Any], texts: tuple[str, ...] = ()) -> Any:
    done = converted(gateway(), virtual_service(rule({"route": list(routes)})), *texts)
    [found] = objects(done, "HTTPRoute")["shop/shop"]["spec"]["rules"]
    return found.get("backendRefs")


def to(host: str, port: int = 80, **more: Any) -> dict[str, Any]:
    return {"destination": {"host": host, **({"port": {"number": port}} if port else {})}, **more}


def test_services_by_their_names() -> None:
    assert refs(to("one")) == refs(to("one.shop.svc.cluster.local")) == [{"name": "one", "port": 80}]
    assert refs(to("one.team.svc.cluster.local")) == [{"name": "one", "namespace": "team", "port": 80}]


def test_another_namespace_allows_it() -> None:
    done = converted(gateway(), virtual_service(rule({"route": [to("one.team.svc.cluster.local")]})))
    assert objects(done, "ReferenceGrant")["team/shop-to-one"]["spec"]["from"][0]["namespace"] == "shop"


def test_weights() -> None:
    assert refs(to("one", weight=90), to("two", weight=10)) == [
        {"name": "one", "port": 80, "weight": 90},
        {"name": "two", "port": 80, "weight": 10},
    ]
    assert refs(to("one", weight=0)) == [{"name": "one", "port": 80}]


def test_the_port_of_a_service_that_has_one() -> None:
    assert refs(to("one", 0), texts=(SERVICE,)) == [{"name": "one", "port": 8080}]
    done = converted(gateway(), virtual_service(rule({"route": [to("one", 0)]})))
    assert fates(done)["spec.http[0].route[0].destination"] is Fidelity.MANUAL


def test_what_is_no_service_is_lost() -> None:
    done = converted(gateway(), virtual_service(rule({"route": [to("api.example.com")]})))
    assert fates(done)["spec.http[0].route[0].destination.host"] is Fidelity.LOST


def test_a_subset_that_nobody_has_is_lost() -> None:
    own = {"route": [{"destination": {"host": "one", "subset": "v2", "port": {"number": 80}}}]}
    done = converted(gateway(), virtual_service(rule(own)))
    assert fates(done)["spec.http[0].route[0].destination.subset"] is Fidelity.LOST
