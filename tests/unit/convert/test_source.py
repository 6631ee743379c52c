from gatewayd.api.meta import ObjectKey
from gatewayd.convert.ingress.shapes import WrittenIngress
from gatewayd.convert.source import NoSource, SourceObject, read, source_object
from gatewayd.manifests.documents import parse_file


def only(text: str) -> SourceObject | None:
    [document] = parse_file("a.yaml", text.encode()).documents
    return source_object(document)


def test_a_namespace_that_is_not_written_is_the_default_one() -> None:
    source = only("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}}")
    assert source is not None
    assert (source.group, source.version, source.key) == ("networking.k8s.io", "v1", ObjectKey("default", "a"))


def test_what_has_no_name_is_no_object() -> None:
    assert only("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {}}") is None
    assert only("{a: b}") is None


def test_every_problem_of_an_object_is_told() -> None:
    source = only(
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: 1}], tls: 2}}"
    )
    assert source is not None

    row = read(source, WrittenIngress)

    assert isinstance(row, NoSource)
    assert [problem.path for problem in row.problems] == ["spec.rules[0].host", "spec.tls"]


def test_null_is_as_if_it_were_not_there() -> None:
    source = only("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: null}}")
    assert source is not None

    row = read(source, WrittenIngress)

    assert isinstance(row, WrittenIngress)
    assert row.spec.rules == ()
