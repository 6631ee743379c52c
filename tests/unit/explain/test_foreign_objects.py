from typing import Any

from gatewayd.explain.foreign_objects import astray, taken_objects
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import target
from tests.unit.translator.manifests import SHOP, delta, deltas


def translated(*documents: dict[str, Any]) -> Reconciler:
    return offline((*deltas(SHOP), *map(delta, documents)), DEFAULT_ENVIRONMENT)


def test_of_each_object_is_told_what_becomes_of_it() -> None:
    keys = {"credentialRefs": [], "extractFrom": [{"headers": ["x"]}], "sanitize": False}
    good = foreign("SecurityPolicy", "a", target("Gateway", "gw"), cors={}, apiKeyAuth=keys)
    bad = foreign("SecurityPolicy", "b", target("Gateway", "gw", "http"), jwt={"providers": 5}, cors={})
    empty = foreign("SecurityPolicy", "c", target("Gateway", "gw"))
    told = taken_objects(translated(good, bad, empty).store.engine)
    assert [str(each) for each in told] == [
        "SecurityPolicy shop/a: takes spec.cors, spec.apiKeyAuth; with another effect spec.apiKeyAuth.sanitize",
        "SecurityPolicy shop/b: refuses spec.jwt.providers",
        "SecurityPolicy shop/c: says nothing",
    ]
    assert told[1].refused == ("spec.jwt.providers: must be a list, not an integer",)


def test_what_is_refused_is_not_told_as_taken() -> None:
    users = foreign("SecurityPolicy", "a", target("Gateway", "gw"), basicAuth={"users": {"name": "x"}}, cors={})
    [told] = taken_objects(translated(users).store.engine)
    assert told.taken == ("spec.cors",)


def test_a_target_that_is_not_there_is_told_though_no_status_says_it() -> None:
    lost = foreign("SecurityPolicy", "a", target("HTTPRoute", "nobody"), frob=1)
    reconciler = translated(lost)
    found = [
        (each.reason, each.message.partition(": ")[0])
        for each in astray(reconciler.store.engine, reconciler.outcomes, lambda _: None)
    ]
    assert found == [("TargetNotFound", "spec.targetRefs[0]"), ("Invalid", "spec")]


def test_what_rules_refer_to_is_told_too() -> None:
    good = foreign("Backend", "a", endpoints=[{"ip": {"address": "192.0.2.1", "port": 80}, "zone": "z"}])
    bad = foreign("Backend", "b", type="DynamicResolver", endpoints=[{"fqdn": {"hostname": "a.example", "port": 80}}])
    answer = foreign("HTTPRouteFilter", "f", directResponse={"statusCode": 418})
    told = taken_objects(translated(good, bad, answer).store.engine)
    assert [str(each) for each in told] == [
        "Backend shop/a: takes spec; with another effect spec.endpoints[0].zone",
        "Backend shop/b: refuses spec.type",
        "HTTPRouteFilter shop/f: takes spec.directResponse",
    ]
