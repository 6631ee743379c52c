import pytest

from tests.unit.api.documents import accepted, document, problems


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_grant(version: str) -> None:
    source = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}
    made = accepted(
        document("ReferenceGrant", version, spec={"from": [source], "to": [{"group": "", "kind": "Secret"}]})
    )
    assert made.spec.from_[0].namespace == "shop"
    assert made.spec.to[0].name is None


def test_both_sides_are_required() -> None:
    assert problems(document("ReferenceGrant", spec={})) == ["spec.from: is required", "spec.to: is required"]
