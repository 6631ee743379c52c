"""ClusterTrustBundle: CA certificates of the whole cluster.

https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#cluster-trust-bundles
"""

from gatewayd.api.meta import KubernetesObject, Shape


class ClusterTrustBundleSpec(Shape, frozen=True, kw_only=True):
    """`trust_bundle` is PEM, with nothing but certificates; `signer_name` is who vouches for it, "" for nobody."""

    trust_bundle: str
    signer_name: str = ""


class ClusterTrustBundle(KubernetesObject, frozen=True, kw_only=True):
    """A ClusterTrustBundle; the API server has it only where its feature gate is on."""

    spec: ClusterTrustBundleSpec
