from gatewayd.demo.files import BACKENDS, KEPT, demo_files
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.manifests.read_once import parse
from gatewayd.offline.translation import translate
from tests.unit.example import NOON


def test_the_demo_is_good_and_warns_of_nothing() -> None:
    files = demo_files(8888, dict.fromkeys(BACKENDS, 9000))

    found = translate(parse({name: text.encode() for name, text in files.items()}), NOON)

    assert found.findings == ()
    assert [
        each.port for each in found.reconciler.configs[GatewayFleet(namespace="default", name="demo")].listeners
    ] == [8888]
    assert set(KEPT) < files.keys()


def test_backends_are_where_they_are_told_to_be() -> None:
    found = parse({"b.yaml": demo_files(1, {"hello-v1": 9001, "hello-v2": 9002})["backends.yaml"].encode()})

    slices = {delta.obj.metadata.name: delta.obj for delta in found.deltas if delta.kind.__name__ == "EndpointSlice"}  # type: ignore[union-attr]
    assert {name: each.ports[0].port for name, each in slices.items()} == {"hello-v1": 9001, "hello-v2": 9002}  # type: ignore[attr-defined]
