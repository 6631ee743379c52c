from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.conditions import PARTIALLY_INVALID
from gatewayd.translator.outcomes.ingress_paths import taken_paths
from gatewayd.translator.outcomes.ingresses import ingress_outcome
from tests.unit.translator.ingress_manifests import CART_PORT, SERVED, ingress, paths
from tests.unit.translator.manifests import GW, brief, member, message, scratch

OLD, NEW = ("creationTimestamp: '2020-01-01T00:00:00Z'", "creationTimestamp: '2026-01-01T00:00:00Z'")


def rule(*entries: str, host: str = "a.example") -> str:
    return f"rules: [{{host: '{host}', {paths(*entries)}}}]"


def taken(own: str, other: str) -> list[str]:
    view = scratch(SERVED, ingress(own, meta=NEW), ingress(other, name="old", meta=OLD))
    row, elder = (view.get(Ingress, ObjectKey("shop", name)) for name in ("web", "old"))
    assert row is not None
    assert elder is not None
    assert list(taken_paths(view, elder, GW)) == []
    return list(taken_paths(view, row, GW))


def test_the_younger_one_is_told_what_the_older_one_has() -> None:
    assert taken(rule("Prefix /a/", "Exact /b", "Prefix /c"), rule("ImplementationSpecific /a", "Exact /b")) == [
        'spec.rules[0].http.paths[0]: Ingress "shop/old" has prefix /a of host a.example already',
        'spec.rules[0].http.paths[1]: Ingress "shop/old" has exact path /b of host a.example already',
    ]


def test_other_hosts_and_other_ways_to_match_are_no_conflict() -> None:
    assert taken(rule("Prefix /a"), rule("Exact /a")) == []
    assert taken(rule("Prefix /a"), rule("Prefix /a", host="b.example")) == []


def test_of_two_default_backends_for_everything_the_older_one_counts() -> None:
    assert taken(f"defaultBackend: {CART_PORT}", f"defaultBackend: {CART_PORT}") == [
        'spec.defaultBackend: Ingress "shop/old" has default backend of every host already'
    ]


def test_it_is_a_condition_of_the_loser_beside_what_else_is_left_out() -> None:
    own = rule("Prefix /a", "ImplementationSpecific /b.*")
    view = scratch(SERVED, ingress(own, meta=NEW), ingress(rule("Prefix /a"), name="old", meta=OLD))
    outcome = ingress_outcome(view, member("Ingress", "shop/web"))
    assert outcome is not None
    told = message(outcome.all_verdicts, PARTIALLY_INVALID)
    assert "paths[1].path: is written like an expression" in told
    assert 'paths[0]: Ingress "shop/old" has prefix /a of host a.example already' in told
    alone = scratch(SERVED, ingress(rule("Prefix /a"), meta=NEW), ingress(rule("Prefix /a"), name="old", meta=OLD))
    found = ingress_outcome(alone, member("Ingress", "shop/web"))
    assert found is not None
    assert brief(found.all_verdicts)["PartiallyInvalid"] == "Conflicted"
