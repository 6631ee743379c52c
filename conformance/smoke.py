"""Prove that the harness works and leaves nothing behind: `python -m conformance.smoke`.

Outside: bring a cluster up, run the steps below in its node, end it, and look for what is left; then kill a second
cluster with SIGKILL and look again. Every step prints its time; the exit code is 0 when all went well.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from conformance import smoke_pods
from conformance.build import HERE
from conformance.harness import rundir
from conformance.kubectl import Kubectl, KubectlError, step, until

_NAMESPACE = "smoke"
_KUBECTL = Kubectl(namespace=_NAMESPACE)
_LOAD_BALANCER_IP = "198.51.100.200"
_DEADLINE = 60.0
_GRACE = 10.0
_KINDS = ("pid", "net", "mnt")
_CLIENT = f"""\
import urllib.request
for name in ("echo", "echo.{_NAMESPACE}", "echo.{_NAMESPACE}.svc.cluster.local."):
    print(name, urllib.request.urlopen(f"http://{{name}}/by-name", timeout=5).status)
"""


class SmokeError(Exception):
    """A step did not do what it should."""


def main(arguments: Sequence[str]) -> int:
    """Run the outer part, or with `--inside FILE` the part that runs in the node."""
    try:
        if arguments and arguments[0] == "--inside":
            _inside(Path(arguments[1]))
            return 0
        with step("cluster: up, used, down"):
            _ordinary_end()
        with step("cluster: killed"):
            _violent_end()
    except (SmokeError, KubectlError, TimeoutError, AssertionError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print("smoke: all good")
    return 0


def _ordinary_end() -> None:
    note = rundir.RUNS.with_name(f"gatewayd-smoke-{os.getpid()}.json")
    try:
        command = (*_harness("run"), "--", sys.executable, "-m", "conformance.smoke", "--inside", str(note))
        done = subprocess.run(command, check=False, cwd=HERE.parent)
        if done.returncode != 0:
            raise SmokeError(f"the steps inside ended with {done.returncode}")
        left = json.loads(note.read_text())
        _expect_nothing_left(left["namespaces"], Path(left["run"]))
    finally:
        note.unlink(missing_ok=True)


def _violent_end() -> None:
    with subprocess.Popen(_harness("up"), cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as harness:
        lines = iter(harness.stdout or ())
        kubeconfig = next(line for line in lines if line.startswith("export KUBECONFIG=")).partition("=")[2].strip()
        folder = Path(kubeconfig).parent
        namespaces = _namespaces((folder / "pid").read_text().strip())
        Kubectl(kubeconfig=kubeconfig)("get", "nodes")  # the way in from outside
        harness.send_signal(signal.SIGKILL)
        harness.wait()
        _until_none(namespaces)
    subprocess.run(_harness("clean"), check=True, cwd=HERE.parent)
    _expect_nothing_left(namespaces, folder)


def _inside(note: Path) -> None:
    run = os.environ["GATEWAYD_RUN"]
    note.write_text(json.dumps({"run": run, "namespaces": _namespaces("self")}))
    with step("deploy: namespace, deployment, services"):
        _KUBECTL("create", "namespace", _NAMESPACE)
        _KUBECTL.apply(_deployment("one"), _service("ClusterIP"), _service("LoadBalancer"))
        _KUBECTL("rollout", "status", "deployment/echo", f"--timeout={_DEADLINE:.0f}s")
    cluster_ip = _KUBECTL("get", "service", "echo", "-o", "jsonpath={.spec.clusterIP}")
    with step("http: node to ClusterIP"):
        _until_ok(f"http://{cluster_ip}/cluster-ip")
    with step("http: node to LoadBalancer address"):
        given = _KUBECTL("get", "service", "echo-lb", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
        if given != _LOAD_BALANCER_IP:
            raise SmokeError(f"the Service has the address {given!r}; asked for was {_LOAD_BALANCER_IP}")
        _until_ok(f"http://{given}/load-balancer")
    with step("http: Pod to Service by name"):
        _KUBECTL.apply(_client())
        _KUBECTL("wait", "pod/client", "--for=jsonpath={.status.phase}=Succeeded", f"--timeout={_DEADLINE:.0f}s")
        if _KUBECTL("logs", "client").count(" 200\n") != 3:
            raise SmokeError(f"the Pod got:\n{_KUBECTL('logs', 'client')}")
    with step("logs: through the API server"):
        logs = _KUBECTL("logs", "--selector=app=echo", "--tail=-1", "--since=1h")
        for path in ("/cluster-ip", "/load-balancer", "/by-name"):
            if path not in logs:
                raise SmokeError(f"no request for {path} in the logs:\n{logs}")
    with step("roll: a new revision without a failed request"):
        _roll(cluster_ip)
    for check in smoke_pods.CHECKS:
        with step(f"pods: {check.__name__.replace('_', ' ')}"):
            check(_KUBECTL)
    with step("delete: everything, to the last Pod"):
        # The namespace itself would take 10 s more: its controller waits for the Pods' longest grace period.
        _KUBECTL("delete", "deployment,service,job,pod", "--all", "--wait=true")
        _until_no_pod_is_left(Path(run))


def _roll(cluster_ip: str) -> None:
    _KUBECTL.apply(_deployment("two"))
    with subprocess.Popen(
        _KUBECTL.command("rollout", "status", "deployment/echo"), stdout=subprocess.DEVNULL
    ) as rollout:
        while rollout.poll() is None:
            status = _status(f"http://{cluster_ip}/roll")
            if status != 200:
                rollout.kill()
                raise SmokeError(f"a request during the roll got {status}")
    if rollout.returncode != 0:
        raise SmokeError("the roll did not end")


def _until_no_pod_is_left(run: Path) -> None:
    """Wait until the node has no interface, namespace or folder of a Pod."""

    def left() -> list[str]:
        links = [link["ifname"] for link in json.loads(_printed("ip", "-json", "link")) if link["ifname"][:3] == "pod"]
        return [*links, *_printed("ip", "netns").split(), *(path.name for path in (run / "state" / "pods").iterdir())]

    until(lambda: not left(), "nothing of a Pod is left on the node", within=_GRACE)


def _deployment(revision: str) -> object:
    container = {
        "name": "echo",
        "image": "registry.k8s.io/gateway-api/echo-basic:v1.6.0-dev.3",
        "env": [
            {"name": "REVISION", "value": revision},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        ],
        "readinessProbe": {"httpGet": {"path": "/", "port": 3000}},
        "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},  # until kube-proxy sends nothing more
    }
    template = {"metadata": {"labels": {"app": "echo"}}, "spec": {"containers": [container]}}
    strategy = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "echo"}}, "strategy": strategy, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "echo"}, "spec": spec}


def _service(kind: str) -> object:
    balanced = kind == "LoadBalancer"
    spec = {"type": kind, "selector": {"app": "echo"}, "ports": [{"port": 80, "targetPort": 3000}]}
    address = {"loadBalancerIP": _LOAD_BALANCER_IP} if balanced else {}
    metadata = {"name": "echo-lb" if balanced else "echo"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec | address}


def _client() -> object:
    container = {"name": "client", "image": "python:3", "command": ["python", "-c", _CLIENT]}
    spec = {"restartPolicy": "Never", "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client"}, "spec": spec}


def _printed(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _status(url: str) -> int | str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - addresses of our own cluster
            return int(answer.status)
    except OSError as error:  # includes every URLError and HTTPError
        return str(error)


def _until_ok(url: str) -> None:
    """Ask until 200 comes: kube-proxy programs an address a moment after its Service appears."""
    until(lambda: _status(url) == 200, f"{url} answers 200", within=_GRACE)


def _namespaces(process: str) -> dict[str, str]:
    return {kind: str(Path(f"/proc/{process}/ns/{kind}").readlink()) for kind in _KINDS}


def _members(namespaces: dict[str, str]) -> list[int]:
    """Return the processes that are in one of the namespaces."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if set(_namespaces(folder.name).values()) & set(namespaces.values()):
                found.append(int(folder.name))
        except OSError:
            continue  # it ended while we looked
    return found


def _until_none(namespaces: dict[str, str]) -> None:
    until(lambda: not _members(namespaces), "no process is left", within=_GRACE)


def _expect_nothing_left(namespaces: dict[str, str], folder: Path) -> None:
    if members := _members(namespaces):
        raise SmokeError(f"processes are left: {members}")
    if folder.exists():
        raise SmokeError(f"the folder is left: {folder}")
    if str(folder) in Path("/proc/self/mountinfo").read_text():
        raise SmokeError(f"mounts are left below {folder}")


def _harness(verb: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "conformance.harness", verb)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
