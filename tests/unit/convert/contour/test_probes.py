from gatewayd.convert.conversion import model
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.http_proxies import at, root


def test_each_path_at_its_edges_and_each_header() -> None:
    text = root(
        at(None, {"prefix": "/a"}, {"header": {"name": "env", "regex": "a.*"}}), host={"tls": {"secretName": "c"}}
    )
    probes = [str(each) for each in model(parse_file("a.yaml", text.encode()).documents).probes]
    assert {"http://shop.example/ax", "https://shop.example/a with env: ax", "http://a.shop.example/"} <= set(probes)
    assert len(probes) == len(set(probes))
