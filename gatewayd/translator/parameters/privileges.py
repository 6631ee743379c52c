"""Labels and annotations that give a pod an identity, privileges or another container: keys -> those that are withheld.

Whoever may write a Gateway sets `spec.infrastructure`, and need not be allowed to make pods or ServiceAccounts. So what
would turn either into more than a proxy reaches neither, unless the class allows it; on the other objects (Service,
ConfigMap and so on) it does nothing, and stays. Nobody can know every key: what is missing here belongs here.
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
"""

import re
from collections.abc import Iterable
from typing import Final

DOMAINS: Final = frozenset(
    {
        # The kubelet's, the schedulers' and the admission plugins' own: AppArmor, seccomp, sysctls, policies.
        "kubernetes.io",
        "k8s.io",
        # Identities and networks of clouds.
        "alibabacloud.com",
        "aliyun.com",
        "amazonaws.com",
        "azure.com",
        "azure.workload.identity",
        "cloud.google.com",
        "cloud.ibm.com",
        "gke.io",
        "k8s.aws",
        "oraclecloud.com",
        "pod-identity.aws",
        "spiffe.io",
        "tencent.com",
        # Meshes and what puts containers into pods.
        "cilium.io",
        "conjur.org",
        "consul.hashicorp.com",
        "dapr.io",
        "datadoghq.com",
        "dynatrace.com",
        "hashicorp.com",
        "istio.io",
        "jaegertracing.io",
        "kuma.io",
        "linkerd.io",
        "newrelic.com",
        "openservicemesh.io",
        "opentelemetry.io",
        "banzaicloud.com",
        "bank-vaults.io",
        # Interfaces in other networks, and addresses to choose.
        "cncf.io",
        "kubeovn.io",
        "multus-cni.io",
        "projectcalico.org",
        # Container runtimes, devices and what policy engines exempt.
        "crio.io",
        "gatekeeper.sh",
        "kubearmor.io",
        "kyverno.io",
        "noderesource.dev",
        "nri.io",
        "nvidia.com",
        "openshift.io",
        # Controllers that change the image of a workload.
        "argoproj.io",
        "fluxcd.io",
        "keel.sh",
    }
)
"""A key's prefix is one of these, or a name below one."""

HARMLESS: Final = frozenset(
    {
        "app.kubernetes.io",
        "cluster-autoscaler.kubernetes.io",
        "controller.kubernetes.io",
        "gateway.networking.k8s.io",
        "kubectl.kubernetes.io",
        "service.beta.kubernetes.io",
        "service.kubernetes.io",
        "topology.kubernetes.io",
    }
)
"""Prefixes below the domains that only describe a pod, or that only a Service's controllers read."""

EXACT: Final = frozenset({"aadpodidbinding"})

_RUNTIMES: Final = ("io.kubernetes.", "io.katacontainers.", "io.containerd.", "dev.gvisor.", "run.oci.", "org.systemd.")
"""What container runtimes read has no prefix before a slash."""

_WORDS: Final = re.compile(
    r"(^|[^a-z])(inject|injected|injection|injector|sidecars?|apparmor|seccomp|selinux|iam|irsa|role-arn|psp|scc"
    r"|privileged|workload-identity|pod-identity|podidentity)($|[^a-z])"
)
"""Whatever the domain: a word of the key that says what it does."""


def withheld(keys: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that reach no pod and no ServiceAccount, sorted; `allowed`: keys and `domain/*`, or `*`."""
    patterns = tuple(allowed)
    return tuple(sorted(key for key in set(keys) if is_privileged(key) and not matches(key, patterns)))


def is_privileged(key: str) -> bool:
    """Return whether a label or annotation of this key may give a pod more than a proxy has."""
    lower = key.lower()
    if lower in EXACT or lower.startswith(_RUNTIMES) or _WORDS.search(lower):
        return True
    prefix = lower.partition("/")[0]
    return prefix not in HARMLESS and not DOMAINS.isdisjoint(_parents(prefix))


def _parents(domain: str) -> tuple[str, ...]:
    labels = domain.split(".")
    return tuple(".".join(labels[at:]) for at in range(len(labels)))


def matches(key: str, patterns: Iterable[str]) -> bool:
    """Return whether a key is one of the patterns: itself, its prefix and `/*`, or `*` for all."""
    prefix, slash, _ = key.partition("/")
    return not {key, "*", f"{prefix}/*" if slash else "*"}.isdisjoint(patterns)
