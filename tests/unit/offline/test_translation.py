from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import GatewayFleet
from tests.unit.example import SHOP, translated


def test_statuses_are_as_the_api_writes_them_by_kind_and_key() -> None:
    found = translated(SHOP).statuses

    assert [(each.kind, each.key) for each in found] == [
        ("Gateway", ObjectKey("default", "web")),
        ("GatewayClass", ObjectKey("", "gatewayd")),
        ("HTTPRoute", ObjectKey("default", "shop")),
    ]
    (parent,) = found[2].status["parents"]
    assert parent["parentRef"]["name"] == "web"
    assert {each["type"]: each["status"] for each in parent["conditions"]} == {
        "Accepted": "True",
        "ResolvedRefs": "True",
    }


def test_findings_are_sorted_by_place() -> None:
    text = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80}") + "---\nkind: Secret\n"

    found = translated(text).findings

    assert [(each.line, each.severity.value) for each in found] == [(19, "error"), (39, "error")]


def test_all_is_well() -> None:
    found = translated(SHOP)

    assert found.findings == ()
    assert list(found.reconciler.snapshots) == [GatewayFleet(namespace="default", name="web")]
    assert found.engine is found.reconciler.store.engine
