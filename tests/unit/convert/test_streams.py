from gatewayd.convert.draft import Draft, DraftListener, DraftStream, StreamPort
from gatewayd.convert.objects import objects
from gatewayd.convert.streams import stream_grants
from tests.unit.convert.ingresses import TARGET

AT = StreamPort("shop", "", 9000, "")


def stream(**more: object) -> DraftStream:
    fields = {
        "namespace": "shop",
        "name": "tcp",
        "hostnames": (),
        "at": (AT,),
        "backends": ({"name": "one", "port": 1},) * 20,
        "origins": ("VirtualService shop/a",),
    }
    return DraftStream(**{**fields, **more})  # type: ignore[arg-type]


def test_a_route_without_hostnames_is_a_tcproute_with_sixteen_backends_at_most() -> None:
    listener = DraftListener(at=AT, secrets=(), shared=True, origins=("Gateway shop/web",))
    written = {each["kind"]: each for each in objects(Draft(streams=(stream(),), listeners=(listener,)), TARGET)}
    assert len(written["TCPRoute"]["spec"]["rules"][0]["backendRefs"]) == 16
    assert written["ListenerSet"]["spec"]["listeners"] == [
        {"name": "tcp-9000", "port": 9000, "protocol": "TCP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    ]


def test_a_service_of_another_namespace_has_to_allow_it_once() -> None:
    refs = ({"name": "one", "namespace": "team", "port": 1}, {"name": "two", "port": 1})
    [grant] = stream_grants((stream(backends=refs), stream(name="b", backends=refs)))
    assert (grant.namespace, grant.name) == ("team", "shop-tcproute-to-one")
    assert grant.spec["from"] == [{"group": "gateway.networking.k8s.io", "kind": "TCPRoute", "namespace": "shop"}]
