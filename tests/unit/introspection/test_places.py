import pytest

from gatewayd.access_log.entry import RuleName
from gatewayd.api.meta import ObjectKey
from gatewayd.introspection.places import NOWHERE, RulePlace, place_in_files, without_files
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.documents import Place

TEXT = """kind: HTTPRoute
metadata: {name: cart}
spec:
  rules:
  - backendRefs: []
  - backendRefs: []
"""
PLACE = Place(file="shop.yaml", line=11, text=TEXT, text_line=11, root="")


def place_of(identity: Identity) -> Place | None:
    return PLACE if identity == Identity("HTTPRoute", ObjectKey("shop", "cart")) else None


def test_a_rule_stands_on_its_line() -> None:
    assert place_in_files(RuleName("httproute", "shop", "cart", 1), place_of) == RulePlace("shop.yaml", 16)


def test_a_route_without_rules_stands_where_it_begins() -> None:
    assert place_in_files(RuleName("httproute", "shop", "cart", None), place_of) == RulePlace("shop.yaml", 11)


@pytest.mark.parametrize("rule", [("service", "shop", "cart", 0), ("httproute", "shop", "gone", 0)])
def test_of_what_is_gone_nothing_is_known(rule: tuple[str, str, str, int]) -> None:
    assert place_in_files(RuleName(*rule), place_of) == NOWHERE


def test_a_replica_reads_no_files() -> None:
    assert without_files(RuleName("httproute", "shop", "cart", 0)) == NOWHERE
