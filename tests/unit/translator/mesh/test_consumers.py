from gatewayd.ir.limits import CONSUMER_PORTS, NAMED_CALLERS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, PRODUCER_PORT
from gatewayd.translator.mesh.consumers import ToldApart, assigned, in_turn, view_port, view_ports
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
    found = assigned(in_turn(ToldApart("", each) for each in names))
    assert sorted(found.values()) == list(range(FIRST_CONSUMER_PORT, FIRST_CONSUMER_PORT + CONSUMER_PORTS))
    assert names[-1] not in found


def test_whoever_names_others_takes_no_port_from_those_with_routes_and_has_his_turn() -> None:
    many = [ToldApart("greedy", f"a{at:04}") for at in range(NAMED_CALLERS + 1)]
    few = [ToldApart("shop", "news"), ToldApart("shop", "own"), ToldApart("", "own")]
    found = in_turn((*many, *few))
    assert found[:3] == ("own", "a0000", "news")
    assert len(found) == NAMED_CALLERS + 2
    assert many[-1].namespace not in found
    assert assigned(found)["own"] == assigned(["own"])["own"]


def test_turns_do_not_depend_on_who_came_first() -> None:
    told = [ToldApart(who, f"{name}{at}") for who, name in (("", "own"), ("a", "x"), ("b", "w")) for at in range(3)]
    wanted = ("own0", "own1", "own2", "x0", "w0", "x1", "w1", "x2", "w2")
    assert in_turn(told) == in_turn(reversed(told)) == wanted
