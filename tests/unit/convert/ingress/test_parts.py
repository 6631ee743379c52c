from gatewayd.convert.ingress.hosts import hosts
from gatewayd.convert.ingress.parts import IngressHost, IngressPart
from gatewayd.convert.ingress.shapes import WrittenIngress
from gatewayd.convert.source import read, source_object
from gatewayd.manifests.documents import parse_file
from gatewayd.translator.nginx.annotations import AnnotationEffect
from gatewayd.translator.nginx.paths import Rewriting
from gatewayd.translator.nginx.redirects import Redirecting
from tests.unit.convert.ingresses import ingress, tls

NO_REWRITE = Rewriting()
NO_REDIRECT = Redirecting()


def part(text: str, rewriting: Rewriting = NO_REWRITE, redirecting: Redirecting = NO_REDIRECT) -> IngressPart:
    [document] = parse_file("a.yaml", text.encode()).documents
    source = source_object(document)
    assert source is not None
    row = read(source, WrittenIngress)
    assert isinstance(row, WrittenIngress)
    return IngressPart(
        source=source,
        ingress=row,
        nginx=None,
        rewriting=rewriting,
        redirecting=redirecting,
        effect=AnnotationEffect(),
        closed=(),
    )


def only(*parts: IngressPart) -> IngressHost:
    [host] = hosts(parts).hosts
    return host


def test_one_path_that_is_an_expression_is_enough() -> None:
    assert not only(part(ingress("a", "/a"))).is_expression
    assert only(part(ingress("a", "/a")), part(ingress("b", "/b"), Rewriting(use_regex=True))).is_expression


def test_the_root_is_what_no_path_is_for() -> None:
    assert only(part(ingress("a", "/a"))).root.backend is None
    assert only(part(ingress("a", "/"))).root.backend is not None


def test_clients_are_sent_to_https_where_there_is_a_certificate() -> None:
    secured, open_host = ingress(spec=tls("shop.example")), ingress()
    asked = Redirecting(to_https=True)
    redirected = [only(part(text, redirecting=asked)) for text in (secured, open_host)]
    assert [host.redirects(host.root) for host in redirected] == [True, False]


def test_older_comes_first_then_the_name() -> None:
    young, old = part(ingress("a", created="2024-01-01T00:00:00Z")), part(ingress("b", created="2023-01-01T00:00:00Z"))
    assert sorted((young, old), key=lambda each: each.order) == [old, young]
