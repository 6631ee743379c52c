from gatewayd.ir.environment import HERE, Meshed
from gatewayd.store import Delta
from gatewayd.translator.mesh.meshes import mesh_is_on
from tests.unit.translator.manifests import scratch
from tests.unit.translator.mesh.manifests import MESH


def test_there_is_none_unless_an_xmesh_or_an_option_says_so() -> None:
    assert not mesh_is_on(scratch(), ())
    assert mesh_is_on(scratch(MESH), ())
    assert mesh_is_on(scratch(Delta(kind=Meshed, key=HERE, obj=Meshed())), ())


def test_that_of_another_controller_is_none_of_ours() -> None:
    assert not mesh_is_on(scratch(MESH.replace("gatewayd.io", "other.example")), ())


def test_one_that_asks_for_parameters_is_not_half_had() -> None:
    asking = MESH.replace("controller}", "controller, parametersRef: {group: '', kind: ConfigMap, name: p}}")
    assert not mesh_is_on(scratch(asking), ())
