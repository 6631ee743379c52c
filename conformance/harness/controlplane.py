"""The processes of the control plane, with the flags that work without a kubelet and without a cloud."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from conformance.harness import audit
from conformance.harness.addresses import (
    API_PORT,
    CLUSTER_DOMAIN,
    ETCD_PORT,
    NODE_IP,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
)
from conformance.harness.certificates import Certificates
from conformance.harness.rundir import RunDirectory

DNS_READY_URL = "http://127.0.0.1:8181/ready"


class ComponentEndedError(Exception):
    """A process of the control plane ended although nobody asked it to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One process: the name of its binary (and log) and its flags."""

    name: str
    flags: tuple[str, ...]


def write_configuration(run: RunDirectory, certificates: Certificates, outside_port: int) -> str:
    """Write kubeconfigs, the token file and the components' files; return the administrator's token."""
    token = secrets.token_urlsafe(24)
    tokens = run.configuration / "tokens.csv"
    tokens.touch(mode=0o600)
    tokens.write_text(f"{token},admin,admin,system:masters\n")
    ca = certificates.ca.read_bytes()
    for path, server in (
        (run.node_kubeconfig, f"https://{NODE_IP}:{API_PORT}"),
        (run.kubeconfig, f"https://127.0.0.1:{outside_port}"),
    ):
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(_kubeconfig(server, ca, token)))
    (run.configuration / "kube-proxy.yaml").write_text(json.dumps(_kube_proxy(run)))
    (run.configuration / "Corefile").write_text(_corefile(run))
    return token


def etcd(run: RunDirectory) -> Component:
    """Return the store; its data is in memory, so it need not sync."""
    client, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PORT + 1}"
    return Component(
        name="etcd",
        flags=(
            f"--data-dir={run.state}/etcd",
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--log-level=warn",
        ),
    )


def api_server(run: RunDirectory, certificates: Certificates, address: str = NODE_IP) -> Component:
    """Return the API server."""
    return Component(
        name="kube-apiserver",
        flags=(
            f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
            "--bind-address=0.0.0.0",
            f"--advertise-address={address}",
            f"--secure-port={API_PORT}",
            f"--tls-cert-file={certificates.api_server.certificate}",
            f"--tls-private-key-file={certificates.api_server.key}",
            f"--token-auth-file={run.configuration}/tokens.csv",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
            f"--service-account-key-file={certificates.service_account_public_key}",
            f"--service-account-signing-key-file={certificates.service_account_key}",
            f"--kubelet-client-certificate={certificates.kubelet_client.certificate}",
            f"--kubelet-client-key={certificates.kubelet_client.key}",
            f"--kubelet-certificate-authority={certificates.ca}",
            "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged=true",
            "--profiling=false",
            *audit.flags(run),
        ),
    )


_USUAL_CONTROLLERS = (
    "*",
    "-nodelifecycle",
    "-nodeipam",
    "-attachdetach",
    "-persistentvolume-binder",
    "-persistentvolume-expander",
    "-ttl",
)
"""All but those that want a kubelet's heartbeat, a cloud or disks."""


def controller_manager(
    run: RunDirectory, certificates: Certificates, controllers: tuple[str, ...] = _USUAL_CONTROLLERS
) -> Component:
    """Return the controllers."""
    return Component(
        name="kube-controller-manager",
        flags=(
            f"--kubeconfig={run.node_kubeconfig}",
            f"--service-account-private-key-file={certificates.service_account_key}",
            f"--root-ca-file={certificates.ca}",
            "--leader-elect=false",
            f"--cluster-cidr={POD_RANGE}",
            f"--controllers={','.join(controllers)}",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--profiling=false",
        ),
    )


def kube_proxy(run: RunDirectory) -> Component:
    """Return the proxy that makes ClusterIP, NodePort and LoadBalancer addresses work."""
    return Component(name="kube-proxy", flags=(f"--config={run.configuration}/kube-proxy.yaml",))


def coredns(run: RunDirectory) -> Component:
    """Return the cluster's DNS, which listens on the node and watches Services through the API server."""
    return Component(name="coredns", flags=("-conf", f"{run.configuration}/Corefile"))


async def run_component(component: Component, binary: Path, logs: Path, environment: Mapping[str, str]) -> None:
    """Run one process for ever, its output in `logs`; raise `ComponentEndedError` when it ends by itself."""
    log = logs / f"{component.name}.log"
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            str(binary),
            *component.flags,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=environment,
            start_new_session=True,
        )
    code = await process.wait()
    tail = b"\n".join(log.read_bytes().splitlines()[-15:]).decode(errors="replace")
    raise ComponentEndedError(f"{component.name}: ended with {code}; the end of its log:\n{tail}")


def _kubeconfig(server: str, ca: bytes, token: str) -> Mapping[str, object]:
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(ca).decode()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "conformance", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "conformance", "context": {"cluster": "conformance", "user": "admin"}}],
        "current-context": "conformance",
    }


def _kube_proxy(run: RunDirectory) -> Mapping[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "hostnameOverride": NODE_NAME,
        "clusterCIDR": str(POD_RANGE),
        "clientConnection": {"kubeconfig": str(run.node_kubeconfig), "qps": 100, "burst": 200},
        # The default of 1 s would hide how fast the control plane under test is.
        "nftables": {"minSyncPeriod": "50ms", "syncPeriod": "30s"},
        # Limits of conntrack belong to the machine, not to this namespace.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _corefile(run: RunDirectory) -> str:
    # A short time to live: tests replace headless backends quickly.
    return f"""\
.:53 {{
    bind {NODE_IP}
    errors
    ready 127.0.0.1:8181
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
        kubeconfig {run.node_kubeconfig}
        pods insecure
        ttl 1
    }}
}}
"""
