from gatewayd.cli.verification import verified
from gatewayd.convert.conversion import model
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import converted, ingress, tls


def urls(*texts: str) -> list[str]:
    return [str(each) for each in model(parse_file("a.yaml", "\n---\n".join(texts).encode()).documents).probes]


def test_each_path_is_asked_at_its_edges() -> None:
    asked = urls(ingress("shop", "/cart"))
    edges = ("/cart", "/cart/", "/cartx", "/cart/x", "/CART", "/car")
    assert {f"http://shop.example{path}" for path in edges} <= set(asked)
    assert "http://a.shop.example/cart" in asked
    assert len(asked) == len(set(asked))


def test_expressions_are_filled_in() -> None:
    assert "http://shop.example/api/x" in urls(ingress("shop", "/api(/|$)(.*)", use_regex="true"))


def test_wildcards_are_asked_for_one_label_two_and_none_and_in_capitals() -> None:
    hosts = {url.split("/")[2] for url in urls(ingress(host="*.shop.example"))}
    assert hosts == {"a.shop.example", "a.b.shop.example", "shop.example", "A.SHOP.EXAMPLE"}


def test_hosts_are_asked_in_capitals() -> None:
    assert "http://SHOP.EXAMPLE/cart" in urls(ingress("shop", "/cart"))


def test_hosts_with_a_certificate_are_asked_by_https() -> None:
    asked = urls(ingress(spec=tls("shop.example")))
    assert "https://shop.example/" in asked
    assert not any(url.startswith("https://a.") for url in asked)


def test_canaries_are_asked_with_their_headers() -> None:
    asked = urls(ingress(), ingress("canary", canary="true", canary_by_header="env", canary_by_cookie="c"))
    assert "http://shop.example/ with env: always" in asked
    assert "http://shop.example/ with Cookie: a=b; c=never" in asked


def test_paths_are_sent_as_clients_send_them() -> None:
    written = ingress("shop", "/gr\u00f6\u00dfe", "= /a b", "/c%20d/")
    paths = {url.partition("shop.example")[2] for url in urls(written)}
    assert {"/gr%C3%B6%C3%9Fe", "/a%20b", "/c%2520d/"} <= paths
    documents = parse_file("a.yaml", written.encode()).documents
    assert verified(documents, converted(written).objects).differences == ()
