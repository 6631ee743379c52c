import pytest
import typer

from gatewayd.cli.request_options import client_address, from_options, from_url, is_url, sent, with_more


@pytest.mark.parametrize(
    ("url", "scheme", "host", "target", "port"),
    [
        ("http://shop.example", "http", "shop.example", "/", 80),
        ("https://shop.example/cart?a=1#x", "https", "shop.example", "/cart?a=1", 443),
        ("https://me@shop.example:8443/cart", "https", "shop.example:8443", "/cart", 8443),
        ("http://[::1]:80/", "http", "[::1]:80", "/", 80),
    ],
)
def test_a_url_says_it_all(url: str, scheme: str, host: str, target: str, port: int) -> None:
    wanted = from_url(url)
    assert is_url(url)
    assert (wanted.scheme, wanted.host, wanted.target, wanted.port) == (scheme, host, target, port)


@pytest.mark.parametrize("url", ["http://", "http://a:99999/", "http://[::1/"])
def test_what_is_no_url_ends_the_program(url: str) -> None:
    with pytest.raises(typer.Exit) as ended:
        from_url(url)
    assert ended.value.exit_code == 1


def test_a_path_is_no_url() -> None:
    assert not is_url("./http/folder")


def test_options_are_put_together() -> None:
    wanted = with_more(
        from_options("shop.example", "a.Service/Call", ["b=2"], None, https=True), None, ["env: canary"], "", grpc=True
    )
    request = sent(wanted)
    assert (request.scheme, request.method, request.target) == ("https", "POST", "/a.Service/Call?b=2")
    assert [(each.name, each.value) for each in request.headers] == [
        ("env", "canary"),
        ("content-type", "application/grpc"),
    ]


def test_an_address_is_written_one_way() -> None:
    assert client_address("2001:DB8::0:1") == "2001:db8::1"
    with pytest.raises(typer.BadParameter):
        client_address("x")
