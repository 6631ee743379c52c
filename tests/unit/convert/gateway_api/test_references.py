from typing import Any

from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.gateway_api.references import grant, named


def groups(*refs: dict[str, Any]) -> tuple[list[Any], int]:
    fates: list[Fate] = []
    written = named(refs, "spec.from", fates)
    assert {fate.fidelity for fate in fates} <= {Fidelity.APPROXIMATE}
    return [each.get("group") for each in written], len(fates)


def test_groups_that_named_nothing_are_put_right_and_told() -> None:
    ours, core = {"kind": "HTTPRoute", "group": "gateway.k8s.io"}, {"kind": "Service", "group": "core"}
    assert groups(ours, core, {"group": "networking.x-k8s.io"}) == (
        ["gateway.networking.k8s.io", "", "gateway.networking.k8s.io"],
        3,
    )


def test_groups_that_name_something_stay() -> None:
    ingress = {"kind": "Ingress", "group": "networking.k8s.io"}
    route = {"kind": "HTTPRoute", "group": "gateway.networking.k8s.io"}
    assert groups(ingress, route, {"kind": "Service"}) == (["networking.k8s.io", "gateway.networking.k8s.io", None], 0)


def test_both_sides_of_a_grant() -> None:
    spec = {"from": [{"group": "gateway.k8s.io", "kind": "HTTPRoute"}], "to": [{"group": "core", "kind": "Service"}]}
    assert grant(spec, []) == {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
        "to": [{"group": "", "kind": "Service"}],
    }
