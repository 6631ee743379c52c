import json

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.api.tcproute import TCPRoute
from gatewayd.kube.live_statuses import LiveStatuses, read_live
from tests.fakes.documents import tcp_route

KIND = BY_STRUCT[TCPRoute]
KEY = ObjectKey("shop", "a")


class Rig:
    def __init__(self) -> None:
        self.changes: list[tuple[Kind, ObjectKey]] = []
        self.statuses = LiveStatuses(lambda kind, key: self.changes.append((kind, key)))


def test_what_a_write_must_know_is_read() -> None:
    route = tcp_route("a", version=7) | {"status": {"parents": [], "strange": {"x": 1}}}
    route["metadata"]["generation"] = 3
    found = read_live(json.dumps(route).encode())
    assert (found.uid, found.resource_version, found.generation) == ("uid-a", "7", 3)
    assert found.api_version == "gateway.networking.k8s.io/v1"
    assert found.status() == {"parents": [], "strange": {"x": 1}}


def test_an_object_may_have_no_status_yet() -> None:
    assert read_live(json.dumps(tcp_route("a")).encode()).status() == {}
    assert read_live(json.dumps(tcp_route("a") | {"status": None}).encode()).status() == {}


def test_statuses_are_kept_until_the_object_is_gone() -> None:
    rig = Rig()
    rig.statuses.hear(KIND, KEY, json.dumps(tcp_route("a", version=7)).encode())
    rig.statuses.hear(KIND, KEY, json.dumps(tcp_route("a", version=8)).encode())
    found = rig.statuses.get(KIND, KEY)
    assert found is not None
    assert found.resource_version == "8"
    assert rig.statuses.get(BY_STRUCT[HTTPRoute], KEY) is None
    rig.statuses.hear(KIND, KEY, None)
    assert rig.statuses.get(KIND, KEY) is None
    assert rig.changes == [(KIND, KEY)] * 3


def test_what_is_kept_of_an_object_is_small_and_read_back_as_it_was() -> None:
    statuses = LiveStatuses(lambda _kind, _key: None)
    parents = [{"controllerName": "a.b/c", "conditions": [{"type": "Accepted", "message": "m" * 400, "number": 7}]}]
    routes = [tcp_route(f"r{number}", version=number) | {"status": {"parents": parents}} for number in range(50)]
    raw = [json.dumps(route).encode() for route in routes]
    for number, each in enumerate(raw):
        statuses.hear(KIND, ObjectKey("shop", f"r{number}"), each)
    for number, each in enumerate(raw):
        assert statuses.get(KIND, ObjectKey("shop", f"r{number}")) == read_live(each)
    kept = statuses._shelves[KIND.kind]._packed.values()
    assert sum(map(len, kept)) / len(kept) < 80


def test_what_came_before_the_example_is_read_back_too() -> None:
    statuses = LiveStatuses(lambda _kind, _key: None)
    short = json.dumps(tcp_route("a")).encode()
    long = json.dumps(tcp_route("b") | {"status": {"x": "y" * 500}}).encode()
    statuses.hear(KIND, KEY, short)
    statuses.hear(KIND, ObjectKey("shop", "b"), long)
    assert statuses.get(KIND, KEY) == read_live(short)
    assert statuses.get(KIND, ObjectKey("shop", "b")) == read_live(long)


def test_nothing_is_kept_of_a_kind_without_objects() -> None:
    statuses = LiveStatuses(lambda _kind, _key: None)
    statuses.hear(KIND, KEY, json.dumps(tcp_route("a")).encode())
    statuses.hear(KIND, KEY, None)
    statuses.hear(KIND, KEY, None)
    assert not statuses._shelves
