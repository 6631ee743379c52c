import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.incremental.view import View
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.rules import route_kinds
from gatewayd.translator.rules.route_kinds import ROUTE_KINDS, RuleSet, rules
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, member, scratch
from tests.unit.translator.proxies.test_at_listener import ROUTE


def test_every_table_of_routes_has_a_row() -> None:
    assert set(ROUTE_KINDS) == set(ROUTE_TABLES)


def test_a_route_on_which_we_fail_says_so_of_its_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_view: View, _row: object) -> RuleSet:
        raise LookupError("odd")

    monkeypatch.setattr(route_kinds, "ROUTE_KINDS", {HTTPRoute: fail})
    found = rules(scratch(CLASS, GATEWAY, CART, ROUTE), member("HTTPRoute", "shop/r"))
    assert found.refusal is not None
    assert found.refusal.message.startswith("spec: ")
