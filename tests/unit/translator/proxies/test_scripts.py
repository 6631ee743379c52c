from typing import Any

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.explain.policies import sections_in_force
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.http import CANNOT
from gatewayd.ir.scripts import Script
from gatewayd.translator.outcomes.inherited import inherited_outcome
from gatewayd.translator.proxies.at_listener import GovernedKey, governed
from gatewayd.translator.proxies.scripts import NOT_ALLOWED
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import SHOP, delta, scratch
from tests.unit.translator.proxies.test_at_listener import HTTP, MEMBER, RENDER, ROUTE

CODE = "function envoy_on_request(handle)\n  handle:headers():add('x-a', 'b')\nend\n"
ALLOWED = """
kind: GatewayClass
metadata: {name: gatewayd}
spec:
  controllerName: gatewayd.io/controller
  parametersRef: {group: "", kind: ConfigMap, name: class, namespace: gatewayd-system}
---
kind: ConfigMap
metadata: {name: class, namespace: gatewayd-system}
data: {allowedCode: Lua}
"""
UNTIL = "; requests get a 500 until then"


def scripted(**section: Any) -> dict[str, Any]:
    return policy("RoutePolicy", "p", target("HTTPRoute", "r", "first"), default={"lua": section})


def configmap(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "code", "namespace": "shop"}, "data": data}


def view_of(*documents: dict[str, Any], allowed: str = ALLOWED) -> Scratch:
    return scratch(SHOP, allowed, ROUTE, *map(delta, documents))


def codes(view: Scratch) -> list[list[str]]:
    routes = [each.route for each in governed(view, GovernedKey(RENDER, HTTP))]
    return [[each.code for each in route.filters if isinstance(each, Script)] for route in routes]


def closed(view: Scratch) -> list[bool]:
    return [each.route.action == CANNOT for each in governed(view, GovernedKey(RENDER, HTTP))]


def said(view: Scratch) -> tuple[bool, str]:
    outcome = inherited_outcome(view, Member(RoutePolicy, ObjectKey("shop", "p")))
    assert outcome is not None
    (accepted,) = (each for ancestor in outcome.ancestors for each in ancestor.verdicts if each.type == "Accepted")
    return accepted.status, accepted.message


def test_a_script_is_for_the_rules_of_its_policy() -> None:
    view = view_of(scripted(inline=CODE.replace("\n", "\r\n")))
    assert codes(view) == [[CODE], [], []]
    assert closed(view) == [False] * 3
    assert said(view)[0]


def test_a_class_that_does_not_allow_it() -> None:
    view = view_of(scripted(inline=CODE), allowed="")
    assert closed(view) == [True, False, False]
    assert said(view) == (False, f"spec.default.lua: {NOT_ALLOWED}{UNTIL}")
    (section,) = sections_in_force(view, HTTP, MEMBER, 0)
    assert section.problem == NOT_ALLOWED + UNTIL


@pytest.mark.parametrize(
    ("data", "ref", "why"),
    [
        ({"lua": CODE}, {}, ""),
        ({"lua": CODE, "b": ""}, {}, ""),
        ({"any.lua": CODE}, {}, ""),
        ({"a": CODE, "lua": ""}, {"key": "a"}, ""),
        ({"a": CODE, "b": CODE}, {}, 'ConfigMap "shop/code" has no key lua, where a script is needed'),
        ({"lua": CODE}, {"key": "b"}, 'ConfigMap "shop/code" has no key b, where a script is needed'),
        ({}, {}, 'ConfigMap "shop/code" has no key lua, where a script is needed'),
        ({"lua": "end"}, {}, "line 1: end where end of the text is needed"),
        (None, {}, 'ConfigMap "shop/code" does not exist'),
    ],
)
def test_of_a_configmap(data: dict[str, str] | None, ref: dict[str, str], why: str) -> None:
    documents = [scripted(configMapRef={"name": "code", **ref})]
    view = view_of(*documents, *([configmap(**data)] if data is not None else []))
    assert codes(view) == [[] if why else [CODE], [], []]
    assert closed(view) == [bool(why), False, False]
    assert said(view)[1] == (f"spec.default.lua.configMapRef: {why}{UNTIL}" if why else said(view)[1])


def test_a_server_beside_it_closes_the_rule() -> None:
    seen = {"backendRef": {"name": "cart", "port": 80}, "request": {}}
    other = policy("RoutePolicy", "o", target("HTTPRoute", "r"), default={"externalProcessing": seen})
    assert closed(view_of(scripted(inline=CODE), other)) == [True, False, False]


def test_a_default_can_be_turned_off() -> None:
    wide = policy("RoutePolicy", "wide", target("HTTPRoute", "r"), default={"lua": {"inline": CODE}})
    view = view_of(wide, scripted(mode="Disabled"))
    assert codes(view) == [[], [CODE], [CODE]]
    assert said(view)[0]
