from dataclasses import replace

from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.conditions import ACCEPTED, verdict_of
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.infrastructure import Infrastructure, Keep
from gatewayd.store import Delta
from gatewayd.translator.gateways.served import class_not_served, not_served
from gatewayd.translator.infrastructure.gateway import infrastructure
from gatewayd.translator.outcomes.gateways_and_routes import gateway_outcome, gatewayclass_outcome
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, member, scratch

SHOP = "{kind: Namespace, metadata: {name: shop, labels: {team: red}}}"
CLASSES = 'GatewayClass "gatewayd" is not among those that this gatewayd serves; allowed: edge, web'
NAMESPACES = "metadata.namespace: this gatewayd serves no Gateways of 'shop'; allowed: namespaces with team In (blue)"


def world(classes: tuple[str, ...] = (), namespaces: str = "") -> Scratch:
    row = replace(DEFAULT_ENVIRONMENT, gateway_classes=classes, gateway_namespaces=namespaces)
    return scratch(CLASS, GATEWAY, CART, SHOP, Delta(kind=Environment, key=HERE, obj=row))


def refusal(view: Scratch) -> tuple[str, str]:
    found = gateway_outcome(view, member("Gateway", "shop/gw"))
    assert found is not None
    verdict = verdict_of(found.verdicts, ACCEPTED)
    assert verdict is not None
    assert not verdict.status
    return verdict.reason, verdict.message


def test_all_are_served_unless_somebody_says_otherwise() -> None:
    for view in (world(), world(("web", "gatewayd")), world(namespaces="team=red"), world(namespaces="team")):
        assert not_served(view, GW) is None
        assert class_not_served(view, "gatewayd") is None
        assert isinstance(infrastructure(view, member("Gateway", "shop/gw")), Infrastructure)


def test_a_class_that_is_not_listed_says_so_and_so_do_its_gateways() -> None:
    view = world(("edge", "web"))
    found = gatewayclass_outcome(view, member("GatewayClass", "gatewayd"))
    assert found is not None
    verdict = verdict_of(found.verdicts, ACCEPTED)
    assert verdict is not None
    assert (verdict.status, verdict.reason, verdict.message) == (False, "Unsupported", f"metadata.name: {CLASSES}")
    assert refusal(view) == ("Invalid", f"spec.gatewayClassName: {CLASSES}")


def test_a_gateway_elsewhere_says_where_it_may_be() -> None:
    assert refusal(world(namespaces="team=blue")) == ("Invalid", NAMESPACES)


def test_nothing_is_made_for_those_and_what_runs_stays() -> None:
    for view in (world(("edge",)), world(namespaces="!team")):
        assert isinstance(infrastructure(view, member("Gateway", "shop/gw")), Keep)
