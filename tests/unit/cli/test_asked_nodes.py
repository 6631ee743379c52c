"""The nodes of a mesh are told whether or not their proxies are connected."""

from pathlib import Path

from tests.fakes.pod_ports import Pods, in_background, written_kubeconfig
from tests.unit.cli.command import Gatewayd
from tests.unit.cli.test_asked_run import cluster, free_port


def test_a_pod_without_a_connection_is_told(gatewayd: Gatewayd, tmp_path: Path) -> None:
    port = free_port()
    pods = Pods(ports={"one": port}, nodes={"gatewayd-node-x": "worker-1"})
    with in_background(cluster(pods, port)) as url:
        ran = gatewayd("status", "--kubeconfig", written_kubeconfig(tmp_path, str(url), "default"))

    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert lines[lines.index("NODE PROXY ENVOY STATE") + 1] == "worker-1 gatewayd-node-x - not connected"
