"""A run that answers, made of manifests with nobody connected."""

from gatewayd.introspection.places import RulePlace
from gatewayd.introspection.run_answers import RunAnswers
from gatewayd.introspection.server import Answers
from gatewayd.introspection.status import Status
from gatewayd.ir.outcome import NO_FLEET
from gatewayd.offline.translate import offline, standalone_environment
from tests.unit.introspection.statuses import STATUS
from tests.unit.translator.manifests import SHOP, deltas

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def run_answers(*manifests: str, where: str = "./gateway") -> RunAnswers:
    """Return what a run of a shop and further manifests answers."""
    reconciler = offline(deltas(SHOP, *manifests), standalone_environment("127.0.0.1", 0, None))
    return RunAnswers(reconciler=reconciler, report=lambda _fleet: NO_FLEET, place_of=lambda _it: None, where=where)


async def _status() -> Status:
    return STATUS


async def _page() -> str:
    return "http://127.0.0.1:18004/?token=t"


ANSWERS = Answers(_status, lambda rule: RulePlace(rule.name, 7), run_answers(ROUTE), _page)
