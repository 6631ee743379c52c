from gatewayd.convert.ingress.shapes import WrittenIngress
from gatewayd.convert.source import read, source_object
from gatewayd.manifests.documents import parse_file

TEXT = b"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a}
spec:
  ingressClassName: nginx
  defaultBackend: {resource: {apiGroup: b.example, kind: Bucket, name: c}}
  rules:
  - http: {paths: [{backend: {service: {name: web, port: {name: http}}}}]}
  tls: [{secretName: cert}]
"""


def test_an_ingress_is_read_as_it_is_written() -> None:
    [document] = parse_file("a.yaml", TEXT).documents
    source = source_object(document)
    assert source is not None

    row = read(source, WrittenIngress)

    assert isinstance(row, WrittenIngress)
    assert row.spec.default_backend is not None
    assert row.spec.default_backend.resource is not None
    [path] = row.spec.rules[0].http.paths
    assert path.backend.service is not None
    assert (path.path, path.path_type, path.backend.service.port.name) == ("", "ImplementationSpecific", "http")
    assert row.spec.tls[0].hosts == ()
