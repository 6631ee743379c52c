from typing import Any

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.outcome import PolicyOutcome
from gatewayd.translator.outcomes.foreign import foreign_outcome
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import target
from tests.unit.translator.manifests import SHOP, brief, delta, member, message, scratch

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{name: first, backendRefs: [{name: cart, port: 80}]}]}
"""
AT = target("HTTPRoute", "r")


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(SHOP, ROUTE, *(delta(each) for each in documents))


def outcome(view: Scratch, name: str = "a") -> PolicyOutcome | None:
    return foreign_outcome(view, member("SecurityPolicy", f"shop/{name}"))


def said(view: Scratch, name: str = "a") -> tuple[dict[str, str], str]:
    found = outcome(view, name)
    assert found is not None
    [ancestor] = found.ancestors
    assert (ancestor.ref.kind, ancestor.ref.name) == ("Gateway", "gw")
    return brief(ancestor.verdicts), message(ancestor.verdicts, "Accepted")


def test_a_good_one_says_what_it_is_in_force_for() -> None:
    view = view_of(foreign("SecurityPolicy", "a", AT, cors={}))
    assert said(view) == ({"Accepted": "Accepted"}, "in force for HTTPRoute/shop/r")
    of_gateway = view_of(foreign("SecurityPolicy", "a", target("Gateway", "gw", "http"), cors={}))
    assert said(of_gateway)[1] == "in force for Gateway/shop/gw/http (1 routes)"


def test_what_does_something_else_here_is_a_warning() -> None:
    keys = {"credentialRefs": [], "extractFrom": [{"headers": ["x"]}], "sanitize": False}
    verdicts, _ = said(view_of(foreign("SecurityPolicy", "a", AT, apiKeyAuth=keys)))
    assert verdicts["Warning"] == "TakenDifferently"


def test_what_cannot_be_had_is_named_with_its_path_and_what_comes_of_it() -> None:
    users = {"users": {"name": "nobody"}}
    verdicts, text = said(view_of(foreign("SecurityPolicy", "a", AT, basicAuth=users)))
    assert verdicts == {"Accepted": "!Invalid"}
    assert text == (
        'spec.basicAuth: secretRef: Secret "shop/nobody" does not exist; requests that it is for get a 500 until then'
    )
    _, text = said(view_of(foreign("SecurityPolicy", "a", AT, frob=1)))
    assert text.startswith('spec: has no field "frob"; ')
    _, text = said(view_of(foreign("SecurityPolicy", "a", AT, target("Service", "cart"), cors={})))
    assert text.startswith("spec.targetRefs[1].kind: must be one of ")


def test_sections_that_are_good_alone_and_not_together() -> None:
    jwt = {"providers": [{"name": "a", "issuer": "i", "remoteJWKS": {"uri": "https://idp.example/keys"}}]}
    keys = {"credentialRefs": [], "extractFrom": [{"headers": ["x"]}], "sanitize": True}
    _, text = said(view_of(foreign("SecurityPolicy", "a", AT, jwt=jwt, apiKeyAuth=keys)))
    assert text.startswith("spec.apiKeyAuth: stands beside jwt of ")


def test_of_two_for_one_target_the_younger_is_told() -> None:
    old = foreign("SecurityPolicy", "old", AT, cors={})
    young = foreign("SecurityPolicy", "a", AT, created="2026-02-01T00:00:00Z", cors={})
    view = view_of(old, young)
    assert said(view, "old")[0] == {"Accepted": "Accepted"}
    verdicts, text = said(view)
    assert verdicts == {"Accepted": "!Conflicted"}
    assert text == 'spec.targetRefs[0]: HTTPRoute/shop/r has SecurityPolicy "shop/old", which is older'


def test_of_what_may_be_another_controllers_nothing_is_said() -> None:
    assert outcome(view_of(foreign("SecurityPolicy", "a", target("HTTPRoute", "nobody"), cors={}))) is None
    assert outcome(view_of(), "a") is None
    stray = """
kind: HTTPRoute
metadata: {name: stray, namespace: shop}
spec: {parentRefs: [{name: theirs}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
    view = scratch(SHOP, stray, delta(foreign("SecurityPolicy", "a", target("HTTPRoute", "stray"), cors={})))
    assert outcome(view) is None


def test_a_section_that_is_not_there_is_told() -> None:
    verdicts, text = said(view_of(foreign("SecurityPolicy", "a", target("HTTPRoute", "r", "nine"), cors={})))
    assert verdicts == {"Accepted": "!TargetNotFound"}
    assert "spec.targetRefs[0].sectionName" in text
    assert ObjectKey("shop", "r").name in text


def test_one_that_is_merged_is_judged_with_what_it_is_merged_into() -> None:
    keys = {"credentialRefs": [], "extractFrom": [{"headers": ["x"]}], "sanitize": True}
    wide = foreign("SecurityPolicy", "wide", target("Gateway", "gw"), apiKeyAuth=keys)
    jwt = {"providers": [{"name": "a", "issuer": "i", "remoteJWKS": {"uri": "https://idp.example/keys"}}]}
    near = foreign("SecurityPolicy", "a", AT, mergeType="StrategicMerge", jwt=jwt)
    assert said(view_of(near))[0]["Accepted"] == "Accepted"
    verdicts, text = said(view_of(wide, near))
    assert verdicts["Accepted"] == "!Invalid"
    assert text.startswith("spec.apiKeyAuth: stands beside jwt of ")
