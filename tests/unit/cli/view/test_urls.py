import pytest

from gatewayd.cli.view.urls import requests_to_try
from tests.unit.example import SHOP, translated


def proposed(text: str) -> list[str]:
    return list(requests_to_try(translated(text).reconciler.configs.values(), "127.0.0.1"))


@pytest.mark.parametrize(
    ("before", "after", "command"),
    [
        ("", "", "curl --resolve shop.example:8080:127.0.0.1 http://shop.example:8080/cart"),
        (
            "hostnames: [shop.example]",
            "hostnames: ['*.shop.example']",
            "curl --resolve www.shop.example:8080:127.0.0.1 http://www.shop.example:8080/cart",
        ),
        ("  hostnames: [shop.example]\n", "", "curl http://127.0.0.1:8080/cart"),
    ],
)
def test_a_request_for_each_listener(before: str, after: str, command: str) -> None:
    assert proposed(SHOP.replace(before, after)) == [command]


def test_nothing_is_proposed_where_nothing_answers() -> None:
    assert proposed(SHOP.partition("---")[0]) == []
