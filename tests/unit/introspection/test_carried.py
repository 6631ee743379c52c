"""What a newly published config changes of what carries routes: what differs, and nothing that stands beside it."""

from gatewayd.introspection.carried import Carried, Carrier, Edit, RouteName
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.fleet import MESH_FLEET, GatewayFleet
from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import HostGroup, RouteTableKey
from gatewayd.ir.limits import MANY_DOMAINS
from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler, fleet_delta
from gatewayd.store import Delta
from gatewayd.xds.resource import LISTENER, ROUTE
from tests.unit.translator.manifests import CART, CLASS, SHOP, deltas
from tests.unit.translator.mesh.manifests import ECHO, MESH

FLEET = GatewayFleet(namespace="shop", name="gw")
ROUTE_TEXT = """
kind: HTTPRoute
metadata: {name: r%d, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  hostnames: [h%d.example]
  rules: [{matches: [{path: {value: %s}}], backendRefs: [{name: cart, port: 80}]}]
"""
STREAMS = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}, {name: udp, port: 53, protocol: UDP}]
"""
TLS_ROUTE = """
kind: TLSRoute
metadata: {name: t%d, namespace: shop}
spec:
  parentRefs: [{name: gw, sectionName: tls}]
  hostnames: [t%d.example]
  rules: [{backendRefs: [{name: %s, port: 80}]}]
"""
UDP_ROUTE = """
kind: UDPRoute
metadata: {name: u, namespace: shop}
spec: {parentRefs: [{name: gw, sectionName: udp}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def route(at: int, path: str = "/") -> str:
    return ROUTE_TEXT % (at, at, path)


class World:
    """Objects that change, and what that changes of what carries them."""

    def __init__(self, *manifests: str) -> None:
        self.reconciler: Reconciler = offline(deltas(*manifests), DEFAULT_ENVIRONMENT)
        self.carried = Carried()
        self.first = list(self.carried.edits(self.config))

    @property
    def config(self) -> ProxyConfig:
        return self.reconciler.configs[FLEET]

    def change(self, *manifests: str) -> list[Edit]:
        return self._submit(*deltas(*manifests))

    def refuse(self, name: str) -> list[Edit]:
        """Let a proxy refuse a RouteConfiguration."""
        rejection = Rejection(type_url=ROUTE, names=(name,), message="no")
        report = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(rejection,))
        return self._submit(fleet_delta(FLEET, report))

    def _submit(self, *events: Delta) -> list[Edit]:
        self.reconciler.submit(events)
        self.reconciler.step()
        return list(self.carried.edits(self.config))


def routes(edits: list[Edit]) -> list[tuple[str, list[str], list[str]]]:
    """Return the carriers of edits, with the names of the routes of before and after."""
    return [
        (
            (edit.after or edit.before or Edit(None, None)).carrier.name,
            [piece.route.name for piece in edit.before.pieces] if edit.before else [],
            [piece.route.name for piece in edit.after.pieces] if edit.after else [],
        )
        for edit in edits
        if (edit.before and edit.before.pieces) or (edit.after and edit.after.pieces)
    ]


def test_a_table_that_comes_whole_carries_the_routes_of_all_its_hosts() -> None:
    world = World(SHOP, route(1), route(2))
    assert routes(world.first) == [("80", [], ["r1"]), ("80", [], ["r2"])]


def test_an_edit_is_that_of_its_host_alone() -> None:
    world = World(SHOP, *(route(at) for at in range(5)))
    assert routes(world.change(route(3, "/edited"))) == [("80", ["r3"], ["r3"])]
    assert world.change() == []


def test_of_two_routes_at_one_host_the_other_is_left_out() -> None:
    second = route(2, "/longer").replace("h2.example", "h1.example")
    world = World(SHOP, route(1, "/short"), second)
    assert routes(world.change(second.replace("name: cart", "name: none"))) == [("80", ["r2"], ["r2"])]


def test_of_many_hosts_each_is_carried_by_its_group() -> None:
    world = World(SHOP, route(0))
    edits = world.change(*(route(at) for at in range(1, MANY_DOMAINS + 1)))
    # The host that was there before moves: it comes in another resource now.
    moved = next(edit for edit in edits if edit.before is not None and edit.before.pieces)
    assert (moved.before.carrier, moved.after.carrier) == (Carrier(ROUTE, "80"), Carrier(ROUTE, group(0)))
    assert routes(world.change(route(7, "/edited"))) == [(group(7), ["r7"], ["r7"])]


def group(at: int) -> str:
    """Return the name of the RouteConfiguration that carries the host of a route."""
    return str(HostGroup(table=RouteTableKey(port=80, listener=""), number=group_number(f"h{at}.example")))


def test_hosts_of_a_group_that_goes_apart_have_carriers_of_their_own() -> None:
    world = World(SHOP, *(route(at) for at in range(MANY_DOMAINS + 1)))
    moved = [edit for edit in world.refuse(group(0)) if edit.before and edit.after]
    (own,) = (edit for edit in moved if edit.before.carrier.name == group(0) and "h0." in edit.after.carrier.name)
    assert routes([own]) == [("80:=h0.example", ["r0"], ["r0"])]
    stayed = [edit for edit in moved if edit.before.carrier == edit.after.carrier]
    assert not any(edit.before.pieces or edit.after.pieces for edit in stayed)


def test_listeners_carry_the_routes_of_streams() -> None:
    world = World(CLASS, STREAMS, CART, TLS_ROUTE % (1, 1, "cart"), TLS_ROUTE % (2, 2, "cart"), UDP_ROUTE)
    assert routes(world.first) == [("tcp-443", [], ["t1", "t2"]), ("udp-53", [], ["u"])]
    (edit,) = world.change(TLS_ROUTE % (2, 2, "none"))
    assert edit.before is not None
    assert edit.after is not None
    assert edit.before.carrier == edit.after.carrier == Carrier(LISTENER, "tcp-443")
    assert {piece.route for piece in {*edit.before.pieces} ^ {*edit.after.pieces}} == {
        RouteName("tlsroute", "shop", "t2")
    }


def test_a_table_that_no_listener_uses_any_more_carries_nothing() -> None:
    world = World(SHOP, route(1))
    secure = SHOP.replace("protocol: HTTP}", "protocol: HTTPS, tls: {certificateRefs: [{name: none}]}}")
    assert routes(world.change(secure)) == [("80", ["r1"], [])]


def test_a_destination_carries_the_routes_of_its_service() -> None:
    parent = "parentRefs: [{group: '', kind: Service, name: echo, port: 80}]"
    translated = offline(
        deltas(MESH, ECHO, CART, route(1).replace("parentRefs: [{name: gw}]", parent)), DEFAULT_ENVIRONMENT
    )
    edits = list(Carried().edits(translated.configs[MESH_FLEET]))
    assert routes([each for each in edits if each.after and each.after.pieces]) == [("15001/10.96.0.10:80", [], ["r1"])]
