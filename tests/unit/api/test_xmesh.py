from gatewayd.api.xmesh import XMesh
from tests.unit.translator.manifests import deltas


def test_a_mesh_says_whose_it_is() -> None:
    text = """
kind: XMesh
metadata: {name: mesh}
spec: {controllerName: gatewayd.io/controller, parametersRef: {group: "", kind: ConfigMap, name: p}}
"""
    [each] = deltas(text)
    assert isinstance(each.obj, XMesh)
    assert each.obj.spec.controller_name == "gatewayd.io/controller"
    assert each.obj.spec.parameters_ref is not None
