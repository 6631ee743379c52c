"""What must hold at a quiet point: everything is what a translation from scratch of the objects says.

In: a world in which nothing was disturbed for a while. Out: where replicas, proxies, infrastructure, statuses or Events
are not what they should be.
"""

import json
from collections.abc import Iterator
from typing import Any

from gatewayd.api.decode import Decoded, decode_bytes
from gatewayd.api.kinds import KINDS
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.outcome import GatewayOutcome, Verdict
from gatewayd.kube.events import complaints
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler
from gatewayd.store import Delta
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.xds.resource import XDS_TYPES
from tests.fakes.documents import Json
from tests.simulation.releases import EARLIER, Release
from tests.simulation.world import Replica, World

MANAGED_BY = "app.kubernetes.io/managed-by"
WORKLOADS = ("deployments", "daemonsets")
ROUTE_PLURALS = {f"{table.__name__.lower()}s": table for table in ROUTE_TABLES}


def from_scratch(world: World) -> Reconciler:
    """Translate all objects anew."""
    deltas = []
    for kind in KINDS:
        for key, document in world.state.objects.items():
            if (key.group, key.plural) == (kind.group, kind.plural):
                read = decode_bytes(kind, json.dumps(document).encode())
                if isinstance(read, Decoded):
                    deltas.append(Delta(kind=kind.struct, key=read.key, obj=read.obj))
    return offline(deltas, DEFAULT_ENVIRONMENT)


def differences(world: World, release: Release = EARLIER) -> list[str]:
    """Return what is wrong; all replicas are of this release."""
    scratch = from_scratch(world)
    return [
        *world.failures,
        *_replicas(world, scratch),
        *_proxies(world, scratch, release),
        *_infrastructure(world, scratch),
        *_gateways(world, scratch),
        *_routes(world, scratch),
        *_leadership(world),
        *(() if world.is_disturbed else _events(world, scratch)),
    ]


def _leadership(world: World) -> Iterator[str]:
    leaders = [replica.name for replica in world.replicas if replica.leads]
    if len(leaders) != 1:
        yield f"{leaders} lead, wanted one"


def _events(world: World, scratch: Reconciler) -> Iterator[str]:
    """Yield the complaints without an Event. Whoever leads writes each once, so a change of leaders may lose one."""
    told = {
        (each["involvedObject"]["kind"], each["involvedObject"]["name"], each["reason"], each["message"])
        for each in world.state.of("events").values()
    }
    for member, outcome in scratch.outcomes.items():
        for reason, message in sorted(complaints(outcome)):
            if (member.table.__name__, member.key[1], reason, message) not in told:
                yield f"no Event says {reason} of {member.table.__name__} {member.key}: {message}"


def _replicas(world: World, scratch: Reconciler) -> Iterator[str]:
    wanted = {gateway: snapshot.version for gateway, snapshot in scratch.snapshots.items()}
    for replica in world.replicas:
        if replica.running is None:
            yield f"{replica.name} does not run"
            continue
        has = {name: each.version for name, each in replica.running._reconciler.snapshots.items()}
        if has != wanted:
            yield f"{replica.name} publishes {has}, from scratch {wanted}"
            yield from _stale(replica, scratch)


def _stale(replica: Replica, scratch: Reconciler) -> Iterator[str]:
    """Yield the rows that a replica has and should not have, and the other way round."""
    if replica.running is None:
        return
    for kind in KINDS:
        has = dict(replica.running._reconciler.store.engine.rows(kind.struct))
        wanted = dict(scratch.store.engine.rows(kind.struct))
        for key in sorted(has.keys() | wanted.keys()):
            if has.get(key) != wanted.get(key):
                yield f"{replica.name} has {kind.kind} {key}: {has.get(key)}, wanted {wanted.get(key)}"


def _proxies(world: World, scratch: Reconciler, release: Release) -> Iterator[str]:
    for name, pod in world.workloads.pods.items():
        made = scratch.snapshots.get(pod.envoy.fleet)
        snapshot = release.of(made) if made is not None else None
        has = pod.envoy.versions()
        for row in XDS_TYPES:
            wanted = snapshot.of(row.url) if snapshot is not None else {}
            versions = {each: item.version for each, item in wanted.items()}
            if has[row.url] != versions:
                yield f"{name} of {pod.envoy.fleet} has {row.short} {has[row.url]}, wanted {versions}"


def _infrastructure(world: World, scratch: Reconciler) -> Iterator[str]:
    wanted = {(each.namespace, each.object_name) for each in scratch.infrastructure.values() if each is not None}
    made = {
        (key.namespace, key.name)
        for key, document in world.state.objects.items()
        if (document["metadata"].get("labels") or {}).get(MANAGED_BY) == "gatewayd" and key.plural in WORKLOADS
    }
    if wanted != made:
        yield f"workloads {sorted(made)}, wanted {sorted(wanted)}"
    both = [key for key in world.state.of("deployments") if key in world.state.of("daemonsets")]
    if both:
        yield f"both kinds of workload: {both}"


def _gateways(world: World, scratch: Reconciler) -> Iterator[str]:
    outcomes = {
        member.key: outcome for member, outcome in scratch.outcomes.items() if isinstance(outcome, GatewayOutcome)
    }
    for key, document in world.state.of("gateways").items():
        outcome = outcomes.get(key)
        if outcome is None:
            continue
        status = document.get("status") or {}
        yield from _said(f"Gateway {key}", status, outcome.verdicts)
        listeners = {each["name"]: each for each in status.get("listeners", ())}
        for listener in outcome.listeners:
            live = listeners.get(listener.name, {})
            yield from _said(f"Gateway {key} listener {listener.name}", live, listener.verdicts)
            if live.get("attachedRoutes") != listener.attached:
                yield (
                    f"Gateway {key} listener {listener.name} counts {live.get('attachedRoutes')} routes, "
                    f"wanted {listener.attached}"
                )


def _said(whose: str, status: Json, verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    """Yield the conditions that are not as the verdicts say; all that is accepted is served when all is quiet."""
    conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
    wanted = {each.type: str(each.status) for each in verdicts}
    if "Programmed" in wanted:
        wanted["Programmed"] = wanted.get("Accepted", "True")
    told = {name: conditions.get(name) for name in wanted}
    if told != wanted:
        yield f"{whose} says {told}, wanted {wanted}"


def _routes(world: World, scratch: Reconciler) -> Iterator[str]:
    for plural, table in ROUTE_PLURALS.items():
        outcomes = {member.key: outcome for member, outcome in scratch.outcomes.items() if member.table is table}
        for key, document in world.state.of(plural).items():
            told = {
                (parent["parentRef"]["name"], condition["type"]): condition["status"]
                for parent in (document.get("status") or {}).get("parents", ())
                if parent["controllerName"] == DEFAULT_ENVIRONMENT.controller
                for condition in parent["conditions"]
            }
            outcome: Any = outcomes.get(key)
            wanted = {
                (parent.ref.name, verdict.type): str(verdict.status)
                for parent in (outcome.parents if outcome is not None else ())
                for verdict in parent.verdicts
            }
            if told != wanted:
                yield f"{table.__name__} {key} says {told}, wanted {wanted}"
