"""A Pod's status as a pure function of its containers.

The rules: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.harness.addresses import NODE_IP
from conformance.harness.container import Container, Running, State, Terminated, Waiting
from conformance.harness.kubeapi import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a status is made from; `address` is empty until the Pod has its network."""

    pod: Object
    address: str
    started: dt.datetime
    init_containers: Sequence[Container]
    containers: Sequence[Container]
    problem: str  # why no container can start yet; the empty string when nothing is in the way


def status(situation: Situation) -> Object:
    """Return the status to be merged into the Pod's; times of conditions are kept where the verdict is the same."""
    phase = _phase(situation)
    initialized = all(_passed(container) for container in situation.init_containers)
    ready = bool(situation.containers) and all(container.ready for container in situation.containers) and initialized
    ready = ready and all(container.ready for container in situation.init_containers if _is_sidecar(container))
    result: Object = {
        "phase": phase,
        "observedGeneration": situation.pod["metadata"].get("generation", 0),
        "hostIP": NODE_IP,
        "hostIPs": [{"ip": NODE_IP}],
        "startTime": _time(situation.started),
        "conditions": _conditions(situation, phase, initialized=initialized, ready=ready),
        "containerStatuses": [_container_status(each, situation) for each in situation.containers],
    }
    if situation.init_containers:
        result["initContainerStatuses"] = [_container_status(each, situation) for each in situation.init_containers]
    if situation.address:
        result |= {"podIP": situation.address, "podIPs": [{"ip": situation.address}]}
    return result


def _phase(situation: Situation) -> str:
    failed_init = any(
        isinstance(each.state, Terminated) and each.state.code != 0 and not _is_sidecar(each)
        for each in situation.init_containers
    )
    policy = situation.pod["spec"].get("restartPolicy", "Always")
    if failed_init and policy == "Never":
        return "Failed"
    states = [each.state for each in situation.containers]
    if states and policy != "Always" and all(isinstance(state, Terminated) for state in states):
        codes = [state.code for state in states if isinstance(state, Terminated)]
        if policy == "Never" or not any(codes):
            return "Failed" if any(codes) else "Succeeded"
    begun = any(isinstance(each.state, Running) or each.last_end is not None for each in situation.containers)
    return "Running" if begun else "Pending"


def _conditions(situation: Situation, phase: str, *, initialized: bool, ready: bool) -> list[Object]:
    old = {each["type"]: each for each in situation.pod.get("status", {}).get("conditions", ())}
    gates = situation.pod["spec"].get("readinessGates", ())
    open_gates = all(old.get(gate["conditionType"], {}).get("status") == "True" for gate in gates)
    reason = "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"
    verdicts = (
        ("PodReadyToStartContainers", bool(situation.address), ""),
        ("Initialized", initialized or phase == "Succeeded", "ContainersNotInitialized"),
        ("Ready", ready and open_gates, reason),
        ("ContainersReady", ready, reason),
        ("PodScheduled", True, ""),
    )
    now = _time(dt.datetime.now(dt.UTC))
    return [_condition(old.get(kind, {}), kind, now, why, good=good) for kind, good, why in verdicts]


def _condition(old: Object, kind: str, now: str, why: str, *, good: bool) -> Object:
    verdict = "True" if good else "False"
    same = old.get("status") == verdict
    changed = old["lastTransitionTime"] if same and old.get("lastTransitionTime") else now
    return {
        "type": kind,
        "status": verdict,
        "lastTransitionTime": changed,
        "reason": None if good else why or None,
    }


def _container_status(container: Container, situation: Situation) -> Object:
    state = container.state
    if isinstance(state, Waiting) and state.reason == "PodInitializing" and situation.problem:
        state = Waiting(reason="ContainerCreating", message=situation.problem)
    image = container.spec["image"]
    last = container.last_end if container.last_end is not None and container.last_end is not state else None
    return {
        "name": container.name,
        "image": image,
        "imageID": image,
        "containerID": f"process://{situation.pod['metadata']['uid']}/{container.name}/{container.restarts}",
        "ready": container.ready or (_passed(container) and container in situation.init_containers),
        "started": container.started.is_set(),
        "restartCount": container.restarts,
        "state": _state(state),
        "lastState": _state(last) if last is not None else {},
    }


def _state(state: State) -> Object:
    # A merge patch keeps what it does not name, so the other two are taken out by name.
    empty: Object = {"waiting": None, "running": None, "terminated": None}
    match state:
        case Waiting():
            return empty | {"waiting": {"reason": state.reason, "message": state.message}}
        case Running():
            return empty | {"running": {"startedAt": _time(state.since)}}
        case Terminated():
            reason = "Completed" if state.code == 0 else "Error"
            times = {"startedAt": _time(state.since), "finishedAt": _time(state.until)}
            return empty | {"terminated": {"exitCode": state.code, "reason": reason, **times}}


def _passed(container: Container) -> bool:
    """Return whether the Pod may go on past this init container."""
    if _is_sidecar(container):
        return container.started.is_set()
    return isinstance(container.state, Terminated) and container.state.code == 0


def _is_sidecar(container: Container) -> bool:
    return bool(container.spec.get("restartPolicy") == "Always")


def sidecars(containers: Iterable[Container]) -> list[Container]:
    """Return the init containers that go on running beside the main ones."""
    return [container for container in containers if _is_sidecar(container)]


def _time(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
