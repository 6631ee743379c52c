from dataclasses import replace

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.selected_pods import SelectingService
from gatewayd.store import Delta
from gatewayd.translator.outcomes.selecting_services import selecting
from tests.unit.translator.manifests import SHOP, member, scratch
from tests.unit.translator.outcomes.test_xbackends import BY_LABELS, PLAIN, ROUTE

BACKEND = member("XBackend", "shop/outside")
WANTED = SelectingService(
    namespace="shop",
    backend="outside",
    uid="",
    selector=(("app", "cart"),),
    port=80,
    manager="gatewayd",
    is_wanted=True,
    is_there=False,
)


def service(mark: str = "gatewayd") -> str:
    labels = f"{{app.kubernetes.io/managed-by: {mark}}}"
    return f"""
kind: Service
metadata: {{name: gatewayd-xbackend-outside, namespace: shop, labels: {labels}}}
spec: {{clusterIP: None, ports: [{{port: 80}}]}}
"""


def test_one_that_gets_traffic_needs_a_service() -> None:
    assert selecting(scratch(SHOP, BY_LABELS, ROUTE), BACKEND) == WANTED
    assert selecting(scratch(SHOP, BY_LABELS, ROUTE, service()), BACKEND) == replace(WANTED, is_there=True)


def test_its_selector_stands_by_label() -> None:
    found = selecting(scratch(SHOP, BY_LABELS.replace("{app: cart}", "{tier: web, app: cart}"), ROUTE), BACKEND)
    assert found is not None
    assert found.selector == (("app", "cart"), ("tier", "web"))


def test_what_nobody_needs_any_more_goes() -> None:
    assert selecting(scratch(SHOP, BY_LABELS), BACKEND) is None
    gone = selecting(scratch(SHOP, BY_LABELS, service()), BACKEND)
    assert gone == replace(WANTED, is_wanted=False, is_there=True)
    other = selecting(scratch(SHOP, PLAIN, ROUTE, service()), BACKEND)
    assert other is not None
    assert (other.is_wanted, other.selector) == (False, ())


def test_nothing_is_done_to_what_others_made_nor_without_a_cluster() -> None:
    assert selecting(scratch(SHOP, BY_LABELS, ROUTE, service("Helm")), BACKEND) is None
    theirs = selecting(scratch(SHOP, BY_LABELS, ROUTE, service("gatewayd.red.example_g")), BACKEND)
    assert theirs is not None
    assert not theirs.is_there  # whose it is the API server is asked before it is written
    alone = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, standalone=True))
    assert selecting(scratch(SHOP, BY_LABELS, ROUTE, alone), BACKEND) is None
    assert selecting(scratch(), BACKEND) is None
