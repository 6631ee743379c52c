from gatewayd.api.selectors import LabelSelector, LabelSelectorRequirement
from tests.unit.api.documents import accepted, gateway, listener


def test_a_selector_of_namespaces() -> None:
    selector = {"matchLabels": {"team": "a"}, "matchExpressions": [{"key": "env", "operator": "In", "values": ["x"]}]}
    allowed = {"namespaces": {"from": "Selector", "selector": selector}}
    made = accepted(gateway(listeners=[listener(allowedRoutes=allowed)]))
    assert made.spec.listeners[0].allowed_routes.namespaces.selector == LabelSelector(
        match_labels={"team": "a"},
        match_expressions=(LabelSelectorRequirement(key="env", operator="In", values=("x",)),),
    )
