from gatewayd.convert.read_source import ReadSource
from gatewayd.convert.source import source_object
from gatewayd.manifests.documents import parse_file

TEXT = """
apiVersion: x.example/v1
kind: Thing
metadata: {name: a, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {size: 1, speed: 2}
"""


def test_an_object_is_read_field_by_field() -> None:
    [document] = parse_file("a.yaml", TEXT.encode()).documents
    source = source_object(document)
    assert source is not None
    read = ReadSource.of(source)
    assert read.spec.number("size") == 1
    assert read.order == ("2026-01-01T00:00:00Z", "shop/a")
    assert [(item.path, item.line) for item in read.items()] == [("spec.speed", 5)]
    assert len(list(read.items())) == 1
