from gatewayd.convert.edges import edges, hosts, samples


def test_edges_of_a_path() -> None:
    assert list(edges("/a")) == ["/a", "/a/", "/ax", "/a/x", "/A", "/"]


def test_samples_of_an_expression() -> None:
    assert next(samples("/a/[0-9]+(/|$)(.*)")) == "/a/7/x"


def test_hosts_at_the_edges_of_a_name() -> None:
    assert list(hosts("a.example")) == ["a.example", "a.a.example", "A.EXAMPLE"]
    assert list(hosts("*.example")) == ["a.example", "a.b.example", "example", "A.EXAMPLE"]
    assert list(hosts("*")) == ["nobody.test"]
