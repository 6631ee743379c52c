from gatewayd.api.core import Service, ServicePort, ServiceSpec
from gatewayd.api.meta import ObjectKey, ObjectMeta
from gatewayd.convert.draft import DraftRoute, DraftRule, PlainHTTP
from gatewayd.convert.services import backend_ref, only_port, route_grants

KEY = ObjectKey("team", "one")


def test_the_port_of_a_service_that_has_one() -> None:
    def service(*ports: int) -> Service:
        spec = ServiceSpec(ports=tuple(ServicePort(port=port) for port in ports))
        return Service(metadata=ObjectMeta(name="one", namespace="team"), spec=spec)

    assert only_port({KEY: service(81)}, KEY) == 81
    assert only_port({KEY: service(81, 82)}, KEY) == only_port({}, KEY) == 0


def test_references_and_what_they_need() -> None:
    assert backend_ref(KEY, 80, "team", 3) == {"name": "one", "port": 80, "weight": 3}
    away = backend_ref(KEY, 80, "shop")
    assert away == {"name": "one", "namespace": "team", "port": 80}

    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {**away, "name": "two"}}}
    drafted = DraftRule(title="a", matches=({},), filters=(mirror,), backends=(away, {"name": "own", "port": 80}))
    route = DraftRoute(
        namespace="shop", name="a", hostnames=(), carriers=(PlainHTTP(),), rules=(drafted, drafted), origins=("X a",)
    )
    assert [(each.namespace, each.name, each.spec["to"][0]["name"]) for each in route_grants([route])] == [
        ("team", "shop-to-one", "one"),
        ("team", "shop-to-two", "two"),
    ]
