from gatewayd.convert.conversion import model
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.istio_objects import gateway, rule, uri, virtual_service


def test_each_path_at_its_edges_and_each_header() -> None:
    text = f"{gateway()}---\n{virtual_service(rule(**uri(prefix='/a'), headers={'env': {'regex': 'a.*'}}))}"
    probes = [str(each) for each in model(parse_file("a.yaml", text.encode()).documents).probes]
    assert "http://shop.example/ax" in probes
    assert "http://shop.example/a with env: ax" in probes
    assert "http://a.shop.example/" in probes
    assert len(probes) == len(set(probes))
