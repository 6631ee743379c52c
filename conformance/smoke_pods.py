"""Prove that the node treats Pods as a kubelet does where tests rely on it; `conformance.smoke` calls this."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
from collections.abc import Sequence

from conformance.harness.addresses import NODE_IP
from conformance.harness.kubeapi import Object
from conformance.kubectl import Kubectl, until

_WITHIN = 20.0
_SHELL = ("sh", "-c")
_STEERED_PORT = 15001
# Waits for SIGTERM without being deaf to it, as process 1 of a container must.
_UNTIL_TERMINATED = 'trap "echo terminated; exit 0" TERM; while :; do sleep 0.05; done'


def late_secret(kubectl: Kubectl) -> None:
    """Let a Pod wait for its Secret, get it, and see its new content after a change."""
    script = 'until [ "$(cat /keys/value)" = new ]; do echo "$(cat /keys/value)"; sleep 0.05; done'
    volume = {"name": "keys", "secret": {"secretName": "late"}}
    mounts = [{"name": "keys", "mountPath": "/keys", "readOnly": True}]
    kubectl.apply(_pod("late-secret", script, container={"volumeMounts": mounts}, spec={"volumes": [volume]}))
    _until_waiting(kubectl, "late-secret", "ContainerCreating", 'secret "late" not found')
    kubectl.apply(_secret("late", "old"))
    _until_logged(kubectl, "late-secret", "old")
    kubectl.apply(_secret("late", "new"))
    _until_phase(kubectl, "late-secret", "Succeeded")


def environment(kubectl: Kubectl) -> None:
    """Expect fields, resources and references between variables to arrive, and a read-only root to be read-only."""
    variables = [
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
        {"name": "ALL", "value": "$(NAME)/$(MEMORY)/$$(NAME)/$(NOTHING)"},
    ]
    container = {
        "env": variables,
        "args": ["$(ALL)"],
        "resources": {"limits": {"memory": "64Mi"}},
        "securityContext": {"readOnlyRootFilesystem": True},
    }
    # `$$$$` reaches the shell as `$$`, its own id.
    script = 'echo "$0"; hostname; ip -o -4 address show eth0 | grep -c "$ADDRESS"; touch /file || echo read-only'
    script += "; echo $$$$"
    kubectl.apply(_pod("environment", script, container=container))
    _until_phase(kubectl, "environment", "Succeeded")
    printed = [line for line in kubectl("logs", "environment").splitlines() if not line.startswith("touch")]
    expected = ["environment/64/$(NAME)/$(NOTHING)", "environment", "1", "read-only", "1"]
    if printed != expected:
        raise AssertionError(f"printed {printed}; expected {expected}")


def failures(kubectl: Kubectl) -> None:
    """Expect back-off and the old log after a crash, a restart after a failed probe, and a word on an unknown image."""
    kubectl.apply(_pod("crash", "echo before; exit 3", spec={"restartPolicy": "Always"}))
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    alive = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 1}
    kubectl.apply(_pod("unwell", _UNTIL_TERMINATED, container={"livenessProbe": probe}, spec=alive))
    kubectl.apply(_pod("unknown", "", container={"image": "example.com/unknown:1"}))
    _until_waiting(kubectl, "unknown", "ErrImagePull", "is unknown")
    _until_waiting(kubectl, "crash", "CrashLoopBackOff", "back-off")
    until(lambda: _container(kubectl, "crash")["restartCount"] > 1, "crash restarted", within=_WITHIN)
    if kubectl("logs", "crash", "--previous") != "before\n":
        raise AssertionError("the log of the process before is lost")
    until(lambda: _container(kubectl, "unwell")["restartCount"] > 0, "unwell restarted", within=_WITHIN)


def order_and_end(kubectl: Kubectl) -> None:
    """Expect init containers first, a sidecar that ends last, preStop before SIGTERM, and a Job that completes."""
    volumes = [{"name": "shared", "emptyDir": {}}]
    mounts = [{"name": "shared", "mountPath": "/shared"}]
    before = {
        "name": "init",
        "image": "busybox",
        "command": [*_SHELL, "echo made > /shared/file"],
        "volumeMounts": mounts,
    }
    beside = {"name": "beside", "image": "busybox", "command": [*_SHELL, _UNTIL_TERMINATED], "restartPolicy": "Always"}
    spec = {"initContainers": [before, beside], "volumes": volumes}
    job = _pod("ordered", "cat /shared/file", container={"volumeMounts": mounts}, spec=spec)
    template = {"metadata": {"labels": {"job": "ordered"}}, "spec": job["spec"]}
    kubectl.apply(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "ordered"}, "spec": {"template": template}}
    )
    kubectl("wait", "job/ordered", "--for=condition=Complete", f"--timeout={_WITHIN:.0f}s")
    _expect_log(kubectl, ("--selector=job=ordered", "--container=main"), "made\n")
    until(
        lambda: kubectl("logs", "--selector=job=ordered", "--container=beside") == "terminated\n",
        "the sidecar got SIGTERM",
        within=_WITHIN,
    )
    hook = {"preStop": {"exec": {"command": [*_SHELL, "echo hook > /proc/1/fd/1"]}}}
    kubectl.apply(_pod("hooked", _UNTIL_TERMINATED, container={"lifecycle": hook}))
    kubectl("wait", "pod/hooked", "--for=condition=Ready", f"--timeout={_WITHIN:.0f}s")
    kubectl("delete", "pod", "hooked", "--wait=false")
    kubectl("wait", "pod/hooked", "--for=delete", f"--timeout={_WITHIN:.0f}s")


def commands_in_containers(kubectl: Kubectl) -> None:
    """Expect kubectl exec to carry input, output, errors and the exit code, by either protocol, and a terminal."""
    kubectl.apply(_pod("entered", _UNTIL_TERMINATED, container={"env": [{"name": "WORD", "value": "a b"}]}))
    kubectl("wait", "pod/entered", "--for=condition=Ready", f"--timeout={_WITHIN:.0f}s")
    script = (*_SHELL, 'echo "$WORD"; hostname; cat; echo no >&2; exit 3')
    command = kubectl.command("exec", "-i", "entered", "--", *script)
    for websockets in ("true", "false"):
        variables = {**os.environ, "KUBECTL_REMOTE_COMMAND_WEBSOCKETS": websockets}
        ended = subprocess.run(command, input="in\n", env=variables, capture_output=True, text=True, check=False)
        if (ended.returncode, ended.stdout) != (3, "a b\nentered\nin\n") or "no\n" not in ended.stderr:
            raise AssertionError(f"by websockets {websockets}: {ended}")
    on_terminal = shlex.join(kubectl.command("exec", "-it", "entered", "--", *_SHELL, "test -t 0 && echo a terminal"))
    printed = subprocess.run(
        ("script", "--quiet", "--return", "--command", on_terminal, "/dev/null"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if printed.returncode != 0 or "a terminal" not in printed.stdout:
        raise AssertionError(f"on a terminal: {printed}")


def capabilities(kubectl: Kubectl) -> None:
    """Expect a container that gives up all capabilities to have none but those that it adds."""
    script = "grep CapEff /proc/self/status"
    for name, kept, expected in (("without", [], 0), ("with-one", ["NET_ADMIN"], 1 << 12)):
        context = {"securityContext": {"capabilities": {"drop": ["ALL"], "add": kept}}}
        kubectl.apply(_pod(name, script, container=context))
        _until_phase(kubectl, name, "Succeeded")
        _expect_log(kubectl, (name,), f"CapEff:\t{expected:016x}\n")


def before_kube_proxy(kubectl: Kubectl) -> None:
    """Expect a DaemonSet on the node's network to lead connections elsewhere that kube-proxy would refuse."""
    service = {"ports": [{"port": 80}]}  # without endpoints
    kubectl.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "led"}, "spec": service})
    address = kubectl("get", "service", "led", "-o", "jsonpath={.spec.clusterIP}")
    ask = f"""python -c 'import urllib.request; urllib.request.urlopen("http://{address}/", timeout=1)' 2>&1"""
    kubectl.apply(_pod("refused", f"{ask} | grep --only-matching --max-count=1 'Connection refused>'"))
    _until_phase(kubectl, "refused", "Succeeded")
    kubectl.apply(_steering(address))
    ready = "--for=jsonpath={.status.numberReady}=1"
    kubectl("wait", "daemonset/steering", ready, f"--timeout={_WITHIN:.0f}s")
    kubectl.apply(_pod("led", f"until {ask}; do sleep 0.05; done"))
    _until_phase(kubectl, "led", "Succeeded")
    kubectl("delete", "daemonset", "steering", "--cascade=foreground")


def _steering(address: str) -> Object:
    """Return a DaemonSet whose packet filter takes port 80 of an address to a server of its own."""
    rule = f"ip daddr {address} tcp dport 80 dnat ip to {NODE_IP}:{_STEERED_PORT}"
    table = f"table inet smoke {{ chain pre {{ type nat hook prerouting priority -150; {rule}; }}; }}"
    script = f"""\
nft '{table}'
trap 'nft delete table inet smoke; kill $!; exit 0' TERM
python -m http.server {_STEERED_PORT} --bind {NODE_IP} & wait"""
    context = {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}
    container = {"name": "main", "image": "python:3", "command": [*_SHELL, script], "securityContext": context}
    labels = {"app": "steering"}
    template = {"metadata": {"labels": labels}, "spec": {"hostNetwork": True, "containers": [container]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "steering"}, "spec": spec}


CHECKS = (late_secret, environment, failures, order_and_end, commands_in_containers, capabilities, before_kube_proxy)


def _pod(name: str, script: str, *, container: Object | None = None, spec: Object | None = None) -> Object:
    main = {"name": "main", "image": "busybox", "command": [*_SHELL, script], **(container or {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "containers": [main], **(spec or {})},
    }


def _secret(name: str, value: str) -> Object:
    data = {"value": base64.b64encode(value.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def _container(kubectl: Kubectl, pod: str) -> Object:
    """Return the status of a Pod's only container; `restartCount` 0 while there is none."""
    status: Object = json.loads(kubectl("get", "pod", pod, "-o", "json")).get("status", {})
    found: Object = (status.get("containerStatuses") or [{"restartCount": 0, "state": {}}])[0]
    return found


def _until_waiting(kubectl: Kubectl, pod: str, reason: str, part: str) -> None:
    def waits() -> bool:
        waiting = _container(kubectl, pod)["state"].get("waiting", {})
        return bool(waiting.get("reason") == reason and part in waiting.get("message", ""))

    until(waits, f"{pod} waits with {reason}: ... {part} ...", within=_WITHIN)


def _until_phase(kubectl: Kubectl, pod: str, phase: str) -> None:
    kubectl("wait", f"pod/{pod}", f"--for=jsonpath={{.status.phase}}={phase}", f"--timeout={_WITHIN:.0f}s")


def _until_logged(kubectl: Kubectl, pod: str, part: str) -> None:
    def logged() -> bool:
        return bool(_container(kubectl, pod)["state"].get("running")) and part in kubectl("logs", pod)

    until(logged, f"{pod} printed {part}", within=_WITHIN)


def _expect_log(kubectl: Kubectl, arguments: Sequence[str], expected: str) -> None:
    printed = kubectl("logs", *arguments)
    if printed != expected:
        raise AssertionError(f"{' '.join(arguments)}: printed {printed!r}; expected {expected!r}")
