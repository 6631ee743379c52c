"""What `gatewayd why` says of manifests."""

from dataclasses import replace
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.steps import Knowledge, Mark, Step
from gatewayd.explain.why import why
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport
from gatewayd.manifests.documents import Place
from gatewayd.offline.translate import offline
from gatewayd.reconciler import fleet_delta
from tests.unit.translator.manifests import deltas

SYNCED: Final = FleetReport(connected=2, acked_listeners=frozenset({"tcp-80"}), rejections=())
NO_PROXY_ASKED: Final = None
_FLEET: Final = GatewayFleet(namespace="shop", name="gw")


def asked(
    name: str,
    *manifests: str,
    fleet: FleetReport | None = SYNCED,
    environment: Environment = DEFAULT_ENVIRONMENT,
) -> tuple[Step, ...]:
    """Return the chain of KIND/NAMESPACE/NAME; each object stands on line 1 of a file of its name."""
    reconciler = offline(deltas(*manifests), environment)
    if fleet is not None:
        config = reconciler.configs.get(_FLEET)
        if fleet is SYNCED and config is not None:
            fleet = replace(fleet, policies={each.policy: each.generation for each in config.policies})
        reconciler.submit((fleet_delta(_FLEET, fleet),))
        reconciler.step()
    known = Knowledge(
        engine=reconciler.store.engine,
        report=lambda _fleet: fleet,
        place_of=lambda identity: Place(file=f"{identity.key.name}.yaml", line=1, text="", text_line=1, root=""),
    )
    kind, _, key = name.partition("/")
    namespace, _, own = key.rpartition("/")
    return why(known, kind, ObjectKey(namespace, own))


def bad(steps: tuple[Step, ...]) -> list[str]:
    """Return what is bad."""
    return [f"{step.subject}: {step.says}" for step in steps if step.mark is Mark.BAD]


def lines(steps: tuple[Step, ...]) -> list[str]:
    """Return the steps as they are read."""
    return [f"{'  ' * step.depth}{step.subject}: {step.says}" for step in steps]
