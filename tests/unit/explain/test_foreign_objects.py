from typing import Any

import pytest

from gatewayd.explain.foreign_objects import astray, taken_objects
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler
from tests.unit.envoy_gateway import foreign
from tests.unit.foreign_objects import ROWS, SECRETS, Row
from tests.unit.policies import target
from tests.unit.translator.manifests import SHOP, delta, deltas

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


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
    proxy = foreign("EnvoyProxy", "p", concurrency=2, telemetry={"accessLog": {"disable": True}})
    told = taken_objects(translated(good, bad, answer, proxy).store.engine)
    assert [str(each) for each in told] == [
        "Backend shop/a: takes spec; with another effect spec.endpoints[0].zone",
        "Backend shop/b: refuses spec.type",
        "EnvoyProxy shop/p: takes spec.telemetry.accessLog; refuses spec.concurrency",
        "HTTPRouteFilter shop/f: takes spec.directResponse",
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_becomes_of_what_people_write(row: Row) -> None:
    at = target("Gateway", "gw") if row.kind == "ClientTrafficPolicy" else target("HTTPRoute", "r")
    documents = (*deltas(SHOP, SECRETS, ROUTE), delta(foreign(row.kind, row.name, at, **row.spec)))
    [told] = taken_objects(offline(documents, DEFAULT_ENVIRONMENT).store.engine)

    def paths(lines: tuple[str, ...]) -> list[str]:
        return sorted(dict.fromkeys(line.partition(": ")[0].removeprefix("spec").removeprefix(".") for line in lines))

    is_unknown = row.name in ("sp-newer", "btp-unknown")
    assert paths(told.taken) == sorted(row.taken.split())
    assert paths(told.differs) == sorted(row.differs.split())
    assert paths(told.refused) == (sorted(row.refused.split()) or ([""] if is_unknown else []))


def test_there_are_enough_of_them() -> None:
    assert len(ROWS) >= 60
    assert len({row.name for row in ROWS}) == len(ROWS)
