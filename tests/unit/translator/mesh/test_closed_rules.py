from gatewayd.ir.http import CANNOT
from gatewayd.translator.mesh.closed_rules import RuleOf, closed_by_access, closed_rule
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.tables import frontend_table
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import ECHO, MESH, route

TWO = """[
  {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: echo, port: 80}]},
  {name: shut, backendRefs: [{name: echo, port: 80}]}]"""
POLICY = """
kind: AccessPolicy
metadata: {name: office, namespace: shop}
spec:
  targetRefs: [{group: %s, kind: %s, name: %s}]
  default: {clients: {allow: [{cidr: 192.0.2.0/24}]}}
"""
R = member("HTTPRoute", "shop/r")
OF_RULE = POLICY % ("gateway.networking.k8s.io", "HTTPRoute", "r, sectionName: shut")


def test_what_a_policy_is_for_is_closed_and_nothing_else() -> None:
    view = scratch(MESH, ECHO, route(rules=TWO), OF_RULE)
    assert [closed_rule(view, RuleOf(R, number)) for number in (0, 1)] == [False, True]
    said = closed_by_access(view, R)
    assert said is not None
    assert said.message.startswith("spec.rules[1]: an AccessPolicy")
    table = frontend_table(view, Frontend("", "10.96.0.10", 80))
    assert [each.action == CANNOT for each in table.virtual_hosts[0].routes] == [False, True]


def test_one_for_the_namespace_closes_all_of_it() -> None:
    view = scratch(MESH, ECHO, route(rules=TWO), POLICY % ('""', "Namespace", "shop"))
    assert all(closed_rule(view, RuleOf(R, number)) for number in (0, 1))


def test_without_one_nothing_is_said() -> None:
    assert closed_by_access(scratch(MESH, ECHO, route()), R) is None
