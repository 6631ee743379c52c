from typing import Any

from gatewayd.api.meta import Problem
from gatewayd.convert.fates import Fidelity
from gatewayd.convert.rule_faults import filter_faults, mended
from tests.unit.convert.http_proxies import TO_ONE, TO_TWO, at, root
from tests.unit.convert.ingresses import converted, objects, rules
from tests.unit.convert.istio_objects import gateway, rule, uri, virtual_service
from tests.unit.convert.old_api import old

RULES = [{"name": "a", "matches": [{}], "backendRefs": [{"name": "one"}]}, {"name": "b", "filters": []}]
ROUTE: dict[str, Any] = {"kind": "HTTPRoute", "spec": {"rules": RULES}}


def left(*paths: str) -> Any:
    written = mended(ROUTE, [Problem(path=path, message="is wrong") for path in paths], is_guarded=False)
    return None if written is None else [(each["name"], len(each)) for each in written.written["spec"]["rules"]]


def test_a_rule_leads_nowhere_where_more_than_its_matches_is_wrong() -> None:
    assert left("spec.rules[0].backendRefs[0].port") == [("a", 2), ("b", 2)]
    assert left("spec.rules[0].filters[0]", "spec.rules[1].filters[2].cors") == [("a", 2), ("b", 1)]


def test_a_rule_goes_whose_matches_are_wrong() -> None:
    assert left("spec.rules[0].backendRefs[0].port", "spec.rules[0].matches[0].path.value") == [("b", 2)]
    assert left("spec.rules[0].matches[0]", "spec.rules[1].matches[0]") is None


def test_what_is_wrong_elsewhere_is_wrong_for_all_rules() -> None:
    assert left("spec.rules[0].filters", "spec.hostnames[0]") is None
    assert (
        mended(
            {**ROUTE, "kind": "GRPCRoute"},
            [Problem(path="spec.rules[0].filters", message="is wrong")],
            is_guarded=False,
        )
        is None
    )


def test_filters_may_not_do_everything_that_can_be_written() -> None:
    headers = {
        "type": "RequestHeaderModifier",
        "requestHeaderModifier": {"set": [{"name": "Connection", "value": "a"}]},
    }
    path = {"type": "ReplaceFullPath", "replaceFullPath": "/a//b"}
    moved = {"type": "RequestRedirect", "requestRedirect": {"path": path}}
    route = {"kind": "HTTPRoute", "spec": {"rules": [{}, {"filters": [headers]}, {"filters": [moved]}]}}
    assert [problem.path for problem in filter_faults(route)] == [
        "spec.rules[1].filters[0]",
        "spec.rules[2].filters[0]",
    ]


def test_one_origin_that_nobody_has_takes_no_route_with_it() -> None:
    cors = {"corsPolicy": {"allowOrigin": ["https://a.*"], "allowMethods": ["GET"]}}
    moved = {"requestRedirectPolicy": {"hostname": "new.example"}, "conditions": [{"prefix": "/old"}]}
    done = converted(root(at(TO_ONE, {"prefix": "/a"}), moved, host=cors))
    assert done.is_lossy
    assert rules(done)["old"]["filters"][0]["type"] == "RequestRedirect"
    assert "backendRefs" not in rules(done)["a"]


def test_one_port_that_is_missing_takes_no_route_with_it() -> None:
    forwards = [{"serviceName": "one", "port": 80}], [{"serviceName": "two"}]
    written = [{"matches": [{"path": {"value": f"/{at}"}}], "forwardTo": each} for at, each in enumerate(forwards)]
    done = converted(old("HTTPRoute", "shop", {"rules": written}))
    first, second = objects(done, "HTTPRoute")["shop/shop"]["spec"]["rules"]
    assert first["backendRefs"] == [{"name": "one", "port": 80}]
    assert second == {"matches": [{"path": {"value": "/1"}}]}
    [lost] = [item for item in done.items if item.fidelity is Fidelity.LOST]
    assert lost.path == "spec.rules[1].backendRefs[0].port"


def test_a_header_of_the_connection_is_lost_and_told() -> None:
    headers = {"headers": {"request": {"set": {"Connection": "upgrade"}}}}
    done = converted(gateway(), virtual_service(rule({**TO_TWO, **headers}, **uri(prefix="/a")), rule()))
    assert any("Connection" in item.message and item.fidelity is Fidelity.LOST for item in done.items)
    assert rules(done)["root"]["backendRefs"] == [{"name": "one", "port": 80}]


def test_no_rule_goes_that_may_have_kept_somebody_out() -> None:
    wrong = [Problem(path="spec.rules[0].matches[0].path.value", message="is wrong")]
    assert mended(ROUTE, wrong, is_guarded=True) is None
    refusing = [{**RULES[0], "filters": [{"type": "ExtensionRef"}]}, RULES[1]]
    assert mended({**ROUTE, "spec": {"rules": refusing}}, wrong, is_guarded=False) is None


def test_what_one_fault_hides_is_mended_too() -> None:
    far = {"route": [{"destination": {"host": "one", "port": {"number": 99999}}}]}
    done = converted(gateway(), virtual_service(rule(far, **uri(exact="/a")), rule(None, **uri(exact="/b//c")), rule()))
    assert list(rules(done)) == ["a", "root"]
    assert done.is_lossy
