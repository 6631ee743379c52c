import pytest

from gatewayd.translator.parameters.privileges import is_privileged, matches, withheld

PRIVILEGED = [
    "eks.amazonaws.com/role-arn",
    "iam.amazonaws.com/role",
    "vpc.amazonaws.com/pod-eni",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/use",
    "azure.workload.identity/client-id",
    "aadpodidbinding",
    "pod-identity.alibabacloud.com/injection",
    "container.apparmor.security.beta.kubernetes.io/envoy",
    "container.seccomp.security.alpha.kubernetes.io/envoy",
    "seccomp.security.alpha.kubernetes.io/pod",
    "security.alpha.kubernetes.io/unsafe-sysctls",
    "scheduler.alpha.kubernetes.io/critical-pod",
    "kubernetes.io/psp",
    "kubernetes.io/enforce-mountable-secrets",
    "openshift.io/scc",
    "sidecar.istio.io/inject",
    "SIDECAR.istio.io/inject",
    "inject.istio.io/templates",
    "istio.io/rev",
    "istio-injection",
    "linkerd.io/inject",
    "config.linkerd.io/proxy-uid",
    "consul.hashicorp.com/connect-inject",
    "vault.hashicorp.com/agent-inject",
    "kuma.io/sidecar-injection",
    "instrumentation.opentelemetry.io/inject-sdk",
    "vendor.example/inject",
    "inject-agent.vendor.example/enabled",
    "k8s.v1.cni.cncf.io/networks",
    "v1.multus-cni.io/default-network",
    "cni.projectcalico.org/ipAddrs",
    "io.kubernetes.cri-o.userns-mode",
    "io.katacontainers.config.hypervisor.path",
    "run.oci.handler",
    "cpu-quota.crio.io",
    "devices.nri.io/container.envoy",
    "policies.kyverno.io/exempt",
    "keel.sh/policy",
]
PLAIN = [
    "key1",
    "team",
    "x.example/y",
    "example.com/injective",
    "diamond",
    "prometheus.io/port",
    "helm.sh/chart",
    "app.kubernetes.io/part-of",
    "topology.kubernetes.io/zone",
    "service.beta.kubernetes.io/aws-load-balancer-type",
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "notkubernetes.io/psx",
    "kubernetes.io.example/x",
]


@pytest.mark.parametrize("key", PRIVILEGED)
def test_what_gives_an_identity_privileges_or_a_container_is_withheld(key: str) -> None:
    assert is_privileged(key)
    assert withheld([key], ()) == (key,)


@pytest.mark.parametrize("key", PLAIN)
def test_everything_else_goes_on(key: str) -> None:
    assert not is_privileged(key)


def test_the_class_may_allow_a_key_a_domain_or_all() -> None:
    keys = ["eks.amazonaws.com/role-arn", "eks.amazonaws.com/audience", "istio-injection", "team"]
    assert withheld(keys, ["eks.amazonaws.com/role-arn"]) == ("eks.amazonaws.com/audience", "istio-injection")
    assert withheld(keys, ["eks.amazonaws.com/*"]) == ("istio-injection",)
    assert withheld(keys, ["amazonaws.com/*", "eks.amazonaws.com"]) == (
        "eks.amazonaws.com/audience",
        "eks.amazonaws.com/role-arn",
        "istio-injection",
    )
    assert withheld(keys, ["*"]) == ()


def test_a_key_matches_itself_its_domain_or_everything() -> None:
    assert matches("a.example/b", ["a.example/b"])
    assert matches("a.example/b", ["a.example/*"])
    assert matches("a", ["*"])
    assert not matches("a.example/bc", ["a.example/b", "example/*", "/*", ""])
    assert not matches("a", ["/*", "a/*"])
