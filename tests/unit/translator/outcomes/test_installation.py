import pytest

from gatewayd.translator.outcomes.installation import serves
from tests.unit.translator.manifests import CLASS, GATEWAY, scratch
from tests.unit.translator.mesh.manifests import MESH

INGRESS_CLASS = """
kind: IngressClass
metadata: {name: edge}
spec: {controller: gatewayd.io/ingress-controller}
"""


@pytest.mark.parametrize("manifest", [CLASS, INGRESS_CLASS, MESH])
def test_a_class_of_ours_or_a_mesh_is_served(manifest: str) -> None:
    assert serves(scratch(manifest), ())
    assert not serves(scratch(manifest.replace("gatewayd.io/", "red.example/")), ())


def test_a_gateway_without_a_class_is_nobodys() -> None:
    assert not serves(scratch(GATEWAY), ())
