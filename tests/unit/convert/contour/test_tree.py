from gatewayd.convert.fates import Fidelity
from tests.unit.convert.http_proxies import TO_TWO, at, part, root
from tests.unit.convert.ingresses import converted, fates, matched, objects

INCLUDE = {"name": "part", "namespace": "team", "conditions": [{"prefix": "/api"}]}


def test_a_part_has_the_prefix_of_who_includes_it_and_a_route_of_its_own() -> None:
    done = converted(root(includes=[INCLUDE]), part(at(TO_TWO, {"prefix": "/v1"})))
    assert matched(done, "team/shop-part") == ["PathPrefix /api/v1"]
    assert matched(done) == ["PathPrefix /"]


def test_parts_of_parts() -> None:
    inner = part(at(TO_TWO, {"exact": "/x"}), name="inner", namespace="deep")
    outer = part(includes=[{"name": "inner", "namespace": "deep", "conditions": [{"prefix": "/v1"}]}])
    assert matched(converted(root(includes=[INCLUDE]), outer, inner), "deep/shop-inner") == ["Exact /api/v1/x"]


def test_a_part_that_is_not_there_is_told() -> None:
    done = converted(root(includes=[INCLUDE]))
    assert fates(done)["spec.includes[0].name"] is Fidelity.LOST


def test_circles_end() -> None:
    done = converted(root(includes=[INCLUDE]), part(includes=[{"name": "part"}]))
    assert fates(done)["spec.includes[0].name"] is Fidelity.LOST
    assert set(objects(done, "HTTPRoute")) == {"shop/shop", "team/shop-part"}


def test_parts_that_multiply_are_cut_off() -> None:
    parts = [
        part(name=f"p{number}", includes=[{"name": f"p{number + 1}"}] * 4 if number < 8 else []) for number in range(9)
    ]
    done = converted(root(includes=[{"name": "p0", "namespace": "team"}]), *parts)
    assert fates(done)["spec.virtualhost"] is Fidelity.LOST


def test_a_lost_condition_of_an_include_closes_what_is_behind_it_alone() -> None:
    include = {**INCLUDE, "conditions": [{"prefix": "/api"}, {"header": {"name": "a", "notpresent": True}}]}
    done = converted(root(includes=[include]), part())
    assert list(objects(done, "RouteFilter")) == ["team/shop-part-api"]
