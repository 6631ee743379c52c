from gatewayd.api.clustertrustbundle import ClusterTrustBundle
from gatewayd.api.meta import ObjectKey
from tests.unit.api.documents import accepted, problems


def bundle(version: str = "v1beta1", **spec: object) -> dict[str, object]:
    return {
        "apiVersion": f"certificates.k8s.io/{version}",
        "kind": "ClusterTrustBundle",
        "metadata": {"name": "example.com:signer:roots"},
        "spec": spec,
    }


def test_both_versions_are_read_and_nothing_has_a_namespace() -> None:
    for version in ("v1beta1", "v1alpha1"):
        made = accepted(bundle(version, trustBundle="PEM", signerName="example.com/signer"))
        assert isinstance(made, ClusterTrustBundle)
        assert made.metadata.key == ObjectKey("", "example.com:signer:roots")
        assert (made.spec.trust_bundle, made.spec.signer_name) == ("PEM", "example.com/signer")


def test_a_bundle_has_certificates() -> None:
    assert problems(bundle()) != []
