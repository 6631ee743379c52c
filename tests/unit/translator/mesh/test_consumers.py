from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, PRODUCER_PORT
from gatewayd.translator.mesh.consumers import assigned, view_port, view_ports
from tests.unit.translator.manifests import scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, route


def test_a_namespace_with_routes_of_its_own_has_a_port() -> None:
    view = scratch(MESH, ECHO, route(), CONSUMER)
    assert view_ports(view, ()) == {"": PRODUCER_PORT, **assigned(["blog"])}
    assert view_port(view, "shop") is None


def test_a_route_that_leads_nowhere_makes_no_port() -> None:
    nowhere = CONSUMER.replace("namespace: shop}}", "namespace: shop, port: 81}}").replace("shop}]", "shop, port: 81}]")
    assert view_ports(scratch(MESH, ECHO, nowhere), ()) == {"": PRODUCER_PORT}


def test_ports_stay_when_others_come() -> None:
    few = [f"team-{at}" for at in range(12)]
    before = assigned(few)
    after = assigned([*few, "a-newcomer", "zz"])
    assert {name: after[name] for name in few} == before
    assert len(set(after.values())) == len(after)


def test_there_is_a_port_for_each_of_many_and_none_for_those_beyond() -> None:
    names = [f"n{at:04}" for at in range(CONSUMER_PORTS + 1)]
    found = assigned(names)
    assert sorted(found.values()) == list(range(FIRST_CONSUMER_PORT, FIRST_CONSUMER_PORT + CONSUMER_PORTS))
    assert names[-1] not in found
