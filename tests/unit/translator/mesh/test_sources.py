from dataclasses import replace

from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Discovered, ServiceBackend
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.filters import KeptSource
from gatewayd.ir.http import Forward, Route
from gatewayd.ir.proxy import RedirectedTraffic, StreamListener
from gatewayd.store import Delta
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.proxy import mesh_proxy
from gatewayd.translator.mesh.tables import frontend_table
from tests.unit.translator.manifests import scratch
from tests.unit.translator.mesh.manifests import ECHO, MESH, route

KEEPING = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, keeps_source=True))
BOTH = ECHO.replace("clusterIP: 10.96.0.10", 'clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00:96::10"]')
FOUR, SIX = Frontend("", "10.96.0.10", 80), Frontend("", "fd00:96::10", 80)
ADDRESSES = {"IPv4": "10.0.0.4", "IPv6": "fd00::4"}


def piece(family: str, *, endpoints: str = "[{{addresses: ['{address}']}}]") -> str:
    return f"""
kind: EndpointSlice
metadata: {{name: echo-{family.lower()}, namespace: shop, labels: {{kubernetes.io/service-name: echo}}}}
addressType: {family}
ports: [{{name: http, port: 8080}}]
endpoints: {endpoints.format(address=ADDRESSES[family])}
"""


def led(view: Scratch, frontend: Frontend) -> tuple[bool, list[str]]:
    """Return whether the first route of a frontend keeps the address of who calls, and the family of each backend."""
    found: Route = frontend_table(view, frontend).virtual_hosts[0].routes[0]
    assert isinstance(found.action, Forward)
    backends = [
        each.backend.upstream.family for each in found.action.backends if isinstance(each.backend, ServiceBackend)
    ]
    return KeptSource() in found.filters, backends


def test_each_family_leads_to_endpoints_of_its_own() -> None:
    view = scratch(KEEPING, MESH, BOTH, route(), piece("IPv4"), piece("IPv6"))
    assert led(view, FOUR) == (True, ["IPv4"])
    assert led(view, SIX) == (True, ["IPv6"])
    made = mesh_proxy(view, Member(Environment, HERE))
    assert made is not None
    found = {each.upstream.family: each.endpoints for each in made.clusters}
    assert {
        family: [each.address for each in endpoints.endpoints]
        for family, endpoints in found.items()
        if isinstance(endpoints, Discovered)
    } == {"IPv4": ["10.0.0.4"], "IPv6": ["fd00::4"]}


def test_where_the_backend_has_no_such_address_the_node_calls_with_its_own() -> None:
    view = scratch(KEEPING, MESH, BOTH, route(), piece("IPv4"))
    assert led(view, FOUR) == (True, ["IPv4"])
    assert led(view, SIX) == (False, [""])
    # Nobody is there yet; whoever comes will have an address of this family.
    assert led(scratch(KEEPING, MESH, BOTH, route(), piece("IPv6", endpoints="[]")), SIX) == (True, ["IPv6"])


def test_all_backends_of_a_rule_are_reached_in_one_way() -> None:
    other = """
kind: Service
metadata: {name: other, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
"""
    rules = "[{backendRefs: [{name: echo, port: 80}, {name: other, port: 80}]}]"
    assert led(scratch(KEEPING, MESH, BOTH, other, route(rules=rules), piece("IPv4")), FOUR) == (False, ["", ""])


def test_without_the_option_nothing_is_other() -> None:
    view = scratch(MESH, BOTH, route(), piece("IPv4"), piece("IPv6"))
    assert led(view, FOUR) == (False, [""])
    for given, keeps in ((view, False), (scratch(KEEPING, MESH), True)):
        made = mesh_proxy(given, Member(Environment, HERE))
        assert made is not None
        for listener in made.listeners:
            assert isinstance(listener, StreamListener)
            assert isinstance(listener.chains[0].traffic, RedirectedTraffic)
            assert (listener.transparent, listener.chains[0].traffic.keeps_source) == (keeps, keeps)
